package main

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
)

// As much of HTTP/1.1 and of WebSockets (RFC 6455) as both ends of a bench need. What is left out is left out to be
// cheap: whatever these cost, the program at the other end cannot have.

// head is what matters of a request's or an answer's head.
type head struct {
	first   string
	length  int
	chunked bool
	wsKey   string
}

func readHead(r *bufio.Reader) (h head, err error) {
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return h, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if first {
			h.first = string(line)
			continue
		}
		if len(line) == 0 {
			return h, nil
		}
		if err := h.take(line); err != nil {
			return h, err
		}
	}
}

func (h *head) take(line []byte) (err error) {
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimSpace(value)
	switch {
	case len(name) == 14 && bytes.EqualFold(name, []byte("content-length")):
		h.length, err = strconv.Atoi(string(value))
	case len(name) == 17 && bytes.EqualFold(name, []byte("transfer-encoding")):
		h.chunked = bytes.EqualFold(value, []byte("chunked"))
	case len(name) == 17 && bytes.EqualFold(name, []byte("sec-websocket-key")):
		h.wsKey = string(value)
	}
	return err
}

// readBody reads into a buffer that is used again.
func readBody(r *bufio.Reader, h head, buffer *[]byte) ([]byte, error) {
	if !h.chunked {
		body := sized(buffer, h.length)
		_, err := io.ReadFull(r, body)
		return body, err
	}
	total := 0
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		size, err := strconv.ParseUint(string(bytes.TrimRight(line, "\r\n")), 16, 31)
		if err != nil {
			return nil, err
		}
		chunk := sized(buffer, total+int(size)+2)[total:]
		if _, err := io.ReadFull(r, chunk); err != nil {
			return nil, err
		}
		total += int(size)
		if size == 0 {
			return (*buffer)[:total], nil
		}
	}
}

// sized is the buffer with so many bytes; what it held stays.
func sized(buffer *[]byte, n int) []byte {
	if n > cap(*buffer) {
		*buffer = append(make([]byte, 0, 2*n), (*buffer)...)
	}
	*buffer = (*buffer)[:n]
	return *buffer
}

// readFrame reads one WebSocket message of one frame into a buffer that is used again.
func readFrame(r *bufio.Reader, buffer *[]byte) (opcode byte, payload []byte, err error) {
	var start [14]byte
	if _, err = io.ReadFull(r, start[:2]); err != nil {
		return 0, nil, err
	}
	length, more := int(start[1]&0x7f), 0
	switch length {
	case 126:
		more = 2
	case 127:
		more = 8
	}
	masked := start[1]&0x80 != 0
	rest := start[2 : 2+more]
	if masked {
		rest = start[2 : 2+more+4]
	}
	if _, err = io.ReadFull(r, rest); err != nil {
		return 0, nil, err
	}
	switch more {
	case 2:
		length = int(binary.BigEndian.Uint16(rest))
	case 8:
		length = int(binary.BigEndian.Uint64(rest))
	}
	if start[0]&0x80 == 0 || length < 0 || length > 1<<26 {
		return 0, nil, errors.New("a WebSocket frame that is a part, or too large")
	}
	payload = sized(buffer, length)
	if _, err = io.ReadFull(r, payload); err != nil {
		return 0, nil, err
	}
	if masked {
		for i := range payload {
			payload[i] ^= rest[more+i&3]
		}
	}
	return start[0] & 0x0f, payload, nil
}

// appendFrame adds a text frame. A client's has to be masked: with zeros, which change nothing.
func appendFrame(to, payload []byte, opcode byte, masked bool) []byte {
	mask := byte(0)
	if masked {
		mask = 0x80
	}
	to = append(to, 0x80|opcode)
	switch n := len(payload); {
	case n < 126:
		to = append(to, mask|byte(n))
	case n < 1<<16:
		to = binary.BigEndian.AppendUint16(append(to, mask|126), uint16(n))
	default:
		to = binary.BigEndian.AppendUint64(append(to, mask|127), uint64(n))
	}
	if masked {
		to = append(to, 0, 0, 0, 0)
	}
	return append(to, payload...)
}

const (
	textFrame  = 1
	closeFrame = 8
	pingFrame  = 9
	pongFrame  = 10
)

func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// dialWS opens a WebSocket.
func dialWS(to *url.URL) (net.Conn, *bufio.Reader, error) {
	conn, err := net.Dial("tcp", to.Host)
	if err != nil {
		return nil, nil, err
	}
	const key = "AAAAAAAAAAAAAAAAAAAAAA=="
	_, err = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", to.Host, key)
	if err != nil {
		return nil, nil, err
	}
	reader := bufio.NewReaderSize(conn, 64<<10)
	answer, err := readHead(reader)
	if err == nil && !bytes.Contains([]byte(answer.first), []byte(" 101 ")) {
		err = fmt.Errorf("no WebSocket: %s", answer.first)
	}
	return conn, reader, err
}
