package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// load keeps one request waiting on each of many connections, and says what the server did, and used for it.
func load(args []string) {
	set := flag.NewFlagSet("load", flag.ExitOnError)
	to := set.String("url", "", "http://… or ws://…")
	body := set.String("body", "", "what is sent, again and again")
	connections := set.Int("connections", 100, "how many, each with one request waiting")
	calls := set.Int("calls", 1, "calls in the body")
	warmup := set.Duration("warmup", 0, "the same before, unmeasured")
	duration := set.Duration("duration", time.Second, "measured")
	pid := set.Int("pid", 0, "the server's, to say what CPU it used (Linux)")
	_ = set.Parse(args)
	target, err := url.Parse(*to)
	check(err)
	all := make([]*exchange, *connections)
	for i := range all {
		all[i], err = newExchange(target, []byte(*body))
		check(err)
		check(all[i].first(*calls))
	}
	for _, each := range all {
		go each.run()
	}
	time.Sleep(*warmup)
	before, used, own, start := total(all), serverMicros(*pid), cpuMicros(), time.Now()
	time.Sleep(*duration)
	done, seconds := (total(all)-before)*int64(*calls), time.Since(start).Seconds()
	emit(fields{"calls": done, "seconds": seconds, "cpuMicros": serverMicros(*pid) - used, "loadMicros": cpuMicros() - own,
		"answerBytes": all[0].bytes})
}

func total(all []*exchange) (sum int64) {
	for _, each := range all {
		sum += each.count.Load()
	}
	return sum
}

// exchange is one connection, on which the same request is sent whenever its answer has come.
type exchange struct {
	conn    net.Conn
	in      *bufio.Reader
	request []byte
	buffer  []byte
	bytes   int
	count   atomic.Int64
	read    func() ([]byte, error)
}

func newExchange(to *url.URL, body []byte) (e *exchange, err error) {
	e = &exchange{}
	if to.Scheme == "ws" {
		e.read = e.readWS
		e.request = appendFrame(nil, body, textFrame, true)
		e.conn, e.in, err = dialWS(to)
		return e, err
	}
	e.read = e.readHTTP
	e.request = fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		to.Host, len(body), body)
	if e.conn, err = net.Dial("tcp", to.Host); err == nil {
		e.in = bufio.NewReaderSize(e.conn, 64<<10)
	}
	return e, err
}

// first sends once, and looks at the whole of the answer. Later ones must have as many bytes.
func (e *exchange) first(calls int) error {
	answer, err := e.once()
	if err != nil {
		return err
	}
	e.bytes = len(answer)
	var many []struct{ Result json.RawMessage }
	if !bytes.HasPrefix(answer, []byte("[")) {
		answer = fmt.Appendf(nil, "[%s]", answer)
	}
	if err := json.Unmarshal(answer, &many); err != nil {
		return fmt.Errorf("%w: %.200s", err, answer)
	}
	if len(many) != calls {
		return fmt.Errorf("%d answers to %d calls: %.200s", len(many), calls, answer)
	}
	for _, each := range many {
		if len(each.Result) == 0 || string(each.Result) == "null" {
			return fmt.Errorf("no result: %.200s", answer)
		}
	}
	return nil
}

func (e *exchange) run() {
	for {
		answer, err := e.once()
		check(err)
		if len(answer) != e.bytes {
			check(fmt.Errorf("an answer of %d bytes after one of %d: %.200s", len(answer), e.bytes, answer))
		}
		e.count.Add(1)
	}
}

func (e *exchange) once() ([]byte, error) {
	if _, err := e.conn.Write(e.request); err != nil {
		return nil, err
	}
	return e.read()
}

func (e *exchange) readHTTP() ([]byte, error) {
	h, err := readHead(e.in)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(h.first, "HTTP/1.1 200 ") {
		return nil, errors.New(h.first)
	}
	return readBody(e.in, h, &e.buffer)
}

func (e *exchange) readWS() ([]byte, error) {
	for {
		opcode, payload, err := readFrame(e.in, &e.buffer)
		if err != nil {
			return nil, err
		}
		switch opcode {
		case textFrame:
			return payload, nil
		case pingFrame:
			if _, err := e.conn.Write(appendFrame(nil, payload, pongFrame, true)); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("a WebSocket frame of kind %d: %.100q", opcode, payload)
		}
	}
}

// serverMicros is the CPU another process has used so far, all its threads together; 0 where the system does not say.
// Linux counts it in nanoseconds in /proc/PID/task/*/schedstat, and in ticks of 10 ms, too coarse for a round, in /proc/PID/stat.
func serverMicros(pid int) (micros int64) {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if errors.Is(err, os.ErrNotExist) {
			continue // it has ended since
		}
		check(err)
		nanos, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		check(err)
		micros += nanos / 1000
	}
	return micros
}
