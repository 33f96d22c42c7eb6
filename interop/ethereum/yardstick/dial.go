package main

import (
	"crypto/ecdsa"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/p2p/rlpx"
	"github.com/ethereum/go-ethereum/rlp"
)

const (
	helloCode      = 0
	disconnectCode = 1
	pingCode       = 2
	pongCode       = 3
	baseLength     = 16
	dialTimeout    = 15 * time.Second
)

type hello struct {
	Version    uint64
	Name       string
	Caps       []p2p.Cap
	ListenPort uint64
	ID         []byte
	Rest       []rlp.RawValue `rlp:"tail"`
}

// link is one connection past both Hellos. One goroutine reads; writes may come from any.
type link struct {
	conn  *rlpx.Conn
	write sync.Mutex
}

func connect(s settings) (*link, error) {
	key, err := crypto.GenerateKey()
	if err != nil {
		return nil, err
	}
	endpoint, ok := s.node.TCPEndpoint()
	if !ok {
		return nil, fmt.Errorf("%v has no TCP endpoint", s.node)
	}
	socket, err := net.DialTimeout("tcp", endpoint.String(), dialTimeout)
	if err != nil {
		return nil, err
	}
	l := &link{conn: rlpx.NewConn(socket, s.node.Pubkey())}
	if err := l.shake(key); err != nil {
		socket.Close()
		return nil, err
	}
	return l, nil
}

func (l *link) shake(key *ecdsa.PrivateKey) error {
	_ = l.conn.SetDeadline(time.Now().Add(dialTimeout))
	if _, err := l.conn.Handshake(key); err != nil {
		return err
	}
	ours := hello{Version: 5, Name: "yardstick", Caps: []p2p.Cap{{Name: protocolName, Version: protocolVersion}}, ID: crypto.FromECDSAPub(&key.PublicKey)[1:]}
	if _, err := l.conn.Write(helloCode, encoded(ours)); err != nil {
		return err
	}
	code, data, _, err := l.conn.Read()
	if err != nil {
		return err
	}
	var theirs hello
	if code != helloCode {
		return fmt.Errorf("got code %d (%x) for a Hello", code, data)
	}
	if err := rlp.DecodeBytes(data, &theirs); err != nil {
		return err
	}
	l.conn.SetSnappy(theirs.Version >= 5)
	return l.conn.SetDeadline(time.Time{})
}

func (l *link) send(code uint64, data []byte) error {
	l.write.Lock()
	defer l.write.Unlock()
	_, err := l.conn.Write(code, data)
	return err
}

func (l *link) sendBench(code uint64, data []byte) error { return l.send(baseLength+code, data) }

// next is the next message of bench/1; pings are answered on the way. The data is good until the next call.
func (l *link) next() (uint64, []byte, error) {
	for {
		code, data, _, err := l.conn.Read()
		switch {
		case err != nil:
			return 0, nil, err
		case code >= baseLength:
			return code - baseLength, data, nil
		case code == disconnectCode:
			return 0, nil, fmt.Errorf("the peer disconnected (%x)", data)
		case code == pingCode:
			if err := l.send(pongCode, []byte{0xc0}); err != nil {
				return 0, nil, err
			}
		}
	}
}

// ask sends an empty list and decodes the answer.
func (l *link) ask(code, answerCode uint64, answer any) error {
	if err := l.sendBench(code, []byte{0xc0}); err != nil {
		return err
	}
	got, data, err := l.next()
	if err != nil {
		return err
	}
	if got != answerCode {
		return fmt.Errorf("got code %d, not %d", got, answerCode)
	}
	return rlp.DecodeBytes(data, answer)
}

// leave says "client quitting" and closes.
func (l *link) leave() {
	_ = l.send(disconnectCode, []byte{0xc1, 0x08})
	_ = l.conn.Close()
}

// handshakes measures dial to both Hellos, each with a key of its own: a peer that is still being dropped would be
// refused as already connected.
func handshakes(s settings) error {
	var next atomic.Int64
	ends := make(chan error, s.concurrency)
	start, cpu := time.Now(), cpuMicros()
	for range s.concurrency {
		go func() {
			for next.Add(1) <= int64(s.count) {
				l, err := connect(s)
				if err != nil {
					ends <- err
					return
				}
				l.leave()
			}
			ends <- nil
		}()
	}
	for range s.concurrency {
		if err := <-ends; err != nil {
			return err
		}
	}
	seconds := time.Since(start).Seconds()
	emit(fields{"mode": "handshakes", "concurrency": s.concurrency, "count": s.count, "seconds": seconds,
		"perSecond": float64(s.count) / seconds, "cpuMillisEach": float64(cpuMicros()-cpu) / 1000 / float64(s.count)})
	return nil
}

// session is a connection and what both ends had used when it began.
type session struct {
	*link
	start  time.Time
	cpu    uint64
	remote usage
}

func begin(s settings) (*session, error) {
	l, err := connect(s)
	if err != nil {
		return nil, err
	}
	b := &session{link: l}
	if err := l.ask(usageCode, usageIsCode, &b.remote); err != nil {
		return nil, err
	}
	b.start, b.cpu = time.Now(), cpuMicros()
	return b, nil
}

// report emits the result with the share of a core that each side used.
func (b *session) report(count, bytes uint64, line fields) error {
	elapsed, cpu := time.Since(b.start), cpuMicros()-b.cpu
	var remote usage
	if err := b.ask(usageCode, usageIsCode, &remote); err != nil {
		return err
	}
	seconds := elapsed.Seconds()
	line["count"], line["seconds"], line["perSecond"] = count, seconds, float64(count)/seconds
	line["megabytesPerSecond"] = float64(bytes) / 1e6 / seconds
	line["cpu"] = float64(cpu) / 1e6 / seconds
	line["remoteCPU"] = float64(remote.CPUMicros-b.remote.CPUMicros) / 1e6 / seconds
	line["remoteResidentBytes"] = remote.ResidentBytes
	emit(line)
	return nil
}

// oneWay sends as fast as it can, and stops the clock when the peer has read everything.
func oneWay(s settings) error {
	b, err := begin(s)
	if err != nil {
		return err
	}
	defer b.leave()
	data := encoded(payload(s.size))
	for n := 0; n%16 != 0 || time.Since(b.start) < s.duration; n++ {
		if err := b.sendBench(sinkCode, data); err != nil {
			return err
		}
	}
	var seen counted
	if err := b.ask(flushCode, flushedCode, &seen); err != nil {
		return err
	}
	return b.report(seen.Messages, seen.Messages*uint64(s.size), fields{"mode": "oneway", "size": s.size})
}

// requests keeps a number of requests waiting: an answer makes room for the next.
func requests(s settings) error {
	b, err := begin(s)
	if err != nil {
		return err
	}
	defer b.leave()
	waiting := make(chan struct{}, s.outstanding)
	go func() {
		data := payload(s.size)
		for id := uint64(0); time.Since(b.start) < s.duration; id++ {
			waiting <- struct{}{}
			if b.sendBench(requestCode, encoded(exchange{id, data})) != nil {
				return // the reader sees why
			}
		}
		_ = b.sendBench(flushCode, []byte{0xc0})
	}()
	for answered := uint64(0); ; answered++ {
		code, reply, err := b.next()
		if err != nil {
			return err
		}
		if code == flushedCode {
			return b.report(answered, answered*uint64(s.size), fields{"mode": "request", "size": s.size, "outstanding": s.outstanding})
		}
		var response exchange
		if err := rlp.DecodeBytes(reply, &response); err != nil || code != responseCode || response.ID != answered {
			return fmt.Errorf("bad answer to request %d: code %d, id %d, %v", answered, code, response.ID, err)
		}
		<-waiting
	}
}

// idle holds connections that say nothing but pong, and says what they cost the peer.
func idle(s settings) error {
	b, err := begin(s)
	if err != nil {
		return err
	}
	defer b.leave()
	links := make([]*link, 0, s.count)
	for range s.count {
		l, err := connect(s)
		if err != nil {
			return err
		}
		links = append(links, l)
		defer l.leave()
		go func() {
			for {
				if _, _, err := l.next(); err != nil {
					return
				}
			}
		}()
	}
	emit(fields{"event": "holding", "count": len(links)})
	time.Sleep(s.duration)
	var after usage
	if err := b.ask(usageCode, usageIsCode, &after); err != nil {
		return err
	}
	emit(fields{"mode": "idle", "count": s.count, "seconds": time.Since(b.start).Seconds(), "remoteResidentBytes": after.ResidentBytes,
		"remoteBytesEach": (float64(after.ResidentBytes) - float64(b.remote.ResidentBytes)) / float64(s.count)})
	return nil
}
