package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
)

// serve answers every call over HTTP, WebSocket and IPC with the same result, on one core, and reads no more of a message
// than its ids: what the client costs is what is measured.
func serve(args []string) {
	set := flag.NewFlagSet("serve", flag.ExitOnError)
	path := set.String("ipc", "", "path of the socket")
	_ = set.Parse(args)
	runtime.GOMAXPROCS(1)
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	unix, err := net.Listen("unix", *path)
	check(err)
	go accept(tcp, serveHTTP)
	go accept(unix, serveLines)
	at := tcp.Addr().String()
	emit(fields{"event": "listening", "http": "http://" + at, "ws": "ws://" + at, "ipc": *path})
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	<-stop
	_ = unix.Close() // removes the socket
}

func accept(listener net.Listener, serve func(*stream) error) {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		check(err)
		go func() {
			defer conn.Close()
			s := &stream{conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}
			if err := serve(s); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
				check(err)
			}
		}()
	}
}

// stream is a connection whose answers leave together when nothing more has come.
type stream struct {
	conn         net.Conn
	in           *bufio.Reader
	out          []byte
	body, answer []byte
}

func (s *stream) flush() error {
	if s.in.Buffered() > 0 {
		return nil
	}
	_, err := s.conn.Write(s.out)
	s.out = s.out[:0]
	return err
}

func serveHTTP(s *stream) error {
	for {
		h, err := readHead(s.in)
		if err != nil {
			return err
		}
		if h.wsKey != "" {
			return serveWS(s, h.wsKey)
		}
		body, err := readBody(s.in, h, &s.body)
		if err != nil {
			return err
		}
		s.answer = answer(s.answer[:0], body)
		s.out = append(s.out, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "...)
		s.out = append(strconv.AppendInt(s.out, int64(len(s.answer)), 10), "\r\n\r\n"...)
		s.out = append(s.out, s.answer...)
		if err := s.flush(); err != nil {
			return err
		}
	}
}

func serveWS(s *stream, key string) error {
	s.out = append(s.out, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "...)
	s.out = append(append(s.out, acceptKey(key)...), "\r\n\r\n"...)
	for {
		if err := s.flush(); err != nil {
			return err
		}
		opcode, payload, err := readFrame(s.in, &s.body)
		if err != nil {
			return err
		}
		switch opcode {
		case textFrame:
			s.answer = answer(s.answer[:0], payload)
			s.out = appendFrame(s.out, s.answer, textFrame, false)
		case pingFrame:
			s.out = appendFrame(s.out, payload, pongFrame, false)
		case closeFrame:
			s.out = appendFrame(s.out, payload, closeFrame, false)
			_, err := s.conn.Write(s.out)
			return err
		}
	}
}

func serveLines(s *stream) error {
	for {
		line, err := s.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		s.out = append(answer(s.out, line), '\n')
		if err := s.flush(); err != nil {
			return err
		}
	}
}

var idKey = []byte(`"id":`)

// answer adds what answers a call or a batch, by the ids, which are numbers with every client that is measured.
func answer(to, body []byte) []byte {
	if len(body) == 0 || body[0] != '[' {
		to, _ = answerNext(to, body)
		return to
	}
	to = append(to, '[')
	for {
		length := len(to)
		to, body = answerNext(to, body)
		if body == nil {
			to[length-1] = ']' // in place of the comma, or of the bracket of an empty batch
			return to
		}
		to = append(to, ',')
	}
}

// answerNext answers the call whose id comes first; what is left of the body is nil when there is none.
func answerNext(to, body []byte) (answered, rest []byte) {
	at := bytes.Index(body, idKey)
	if at < 0 {
		return to, nil
	}
	rest = body[at+len(idKey):]
	digits := 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	to = append(append(to, `{"jsonrpc":"2.0","id":`...), rest[:digits]...)
	return append(to, `,"result":"0x258"}`...), rest[digits:]
}
