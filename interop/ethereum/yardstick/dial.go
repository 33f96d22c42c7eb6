package main

import (
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
)

var emptyList = []byte{0xc0}

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

// connect has a new key each time: a peer that is still being dropped would be refused as already connected.
func connect(s settings) *link {
	endpoint, _ := s.node.TCPEndpoint()
	socket, err := net.DialTimeout("tcp", endpoint.String(), 15*time.Second)
	check(err)
	key, err := crypto.GenerateKey()
	check(err)
	l := &link{conn: rlpx.NewConn(socket, s.node.Pubkey())}
	check(l.conn.SetDeadline(time.Now().Add(15 * time.Second)))
	_, err = l.conn.Handshake(key)
	check(err)
	check(l.send(helloCode, encoded(hello{
		Version: 5, Name: "yardstick", Caps: []p2p.Cap{{Name: protocolName, Version: protocolVersion}},
		ID: crypto.FromECDSAPub(&key.PublicKey)[1:],
	})))
	code, data, _, err := l.conn.Read()
	check(err)
	if code != helloCode {
		check(fmt.Errorf("got code %d (%x) for a Hello", code, data))
	}
	var theirs hello
	check(rlp.DecodeBytes(data, &theirs))
	l.conn.SetSnappy(theirs.Version >= 5)
	check(l.conn.SetDeadline(time.Time{}))
	return l
}

func (l *link) send(code uint64, data []byte) error {
	l.write.Lock()
	defer l.write.Unlock()
	_, err := l.conn.Write(code, data)
	return err
}

func (l *link) sendBench(code uint64, data []byte) { check(l.send(baseLength+code, data)) }

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
			if err := l.send(pongCode, emptyList); err != nil {
				return 0, nil, err
			}
		}
	}
}

// ask sends an empty list and decodes the answer.
func (l *link) ask(code, answerCode uint64, answer any) {
	l.sendBench(code, emptyList)
	got, data, err := l.next()
	check(err)
	if got != answerCode {
		check(fmt.Errorf("got code %d, not %d", got, answerCode))
	}
	check(rlp.DecodeBytes(data, answer))
}

// leave says "client quitting" and closes.
func (l *link) leave() {
	_ = l.send(disconnectCode, []byte{0xc1, 0x08})
	_ = l.conn.Close()
}

// handshakes measures dial to both Hellos.
func handshakes(s settings) {
	var next atomic.Int64
	var running sync.WaitGroup
	start, cpu := time.Now(), cpuMicros()
	for range s.concurrency {
		running.Go(func() {
			for next.Add(1) <= int64(s.count) {
				connect(s).leave()
			}
		})
	}
	running.Wait()
	seconds := time.Since(start).Seconds()
	emit(fields{"mode": "handshakes", "concurrency": s.concurrency, "count": s.count, "seconds": seconds,
		"perSecond": float64(s.count) / seconds, "cpuMillisEach": float64(cpuMicros()-cpu) / 1000 / float64(s.count)})
}

// session is a connection and what both ends had used when it began.
type session struct {
	*link
	remote usage
	cpu    uint64
	start  time.Time
}

func begin(s settings) *session {
	b := &session{link: connect(s)}
	b.ask(usageCode, usageIsCode, &b.remote)
	b.cpu, b.start = cpuMicros(), time.Now()
	return b
}

// report emits the result with the share of a core that each side used.
func (b *session) report(count uint64, size int, line fields) {
	seconds, cpu := time.Since(b.start).Seconds(), cpuMicros()-b.cpu
	var remote usage
	b.ask(usageCode, usageIsCode, &remote)
	line["size"], line["count"], line["seconds"], line["perSecond"] = size, count, seconds, float64(count)/seconds
	line["megabytesPerSecond"] = float64(count) * float64(size) / 1e6 / seconds
	line["cpu"] = float64(cpu) / 1e6 / seconds
	line["remoteCPU"] = float64(remote.CPUMicros-b.remote.CPUMicros) / 1e6 / seconds
	line["remoteResidentBytes"] = remote.ResidentBytes
	emit(line)
}

// oneWay sends as fast as it can, and stops the clock when the peer has read everything.
func oneWay(s settings) {
	b := begin(s)
	defer b.leave()
	data := encoded(payload(s.size))
	for n := 0; n%16 != 0 || time.Since(b.start) < s.duration; n++ {
		b.sendBench(sinkCode, data)
	}
	var seen counted
	b.ask(flushCode, flushedCode, &seen)
	b.report(seen.Messages, s.size, fields{"mode": "oneway"})
}

// requests keeps a number of requests waiting: an answer makes room for the next.
func requests(s settings) {
	b := begin(s)
	defer b.leave()
	waiting := make(chan struct{}, s.outstanding)
	go func() {
		data := payload(s.size)
		for id := uint64(0); time.Since(b.start) < s.duration; id++ {
			waiting <- struct{}{}
			b.sendBench(requestCode, encoded(exchange{id, data}))
		}
		b.sendBench(flushCode, emptyList)
	}()
	for answered := uint64(0); ; answered++ {
		code, reply, err := b.next()
		check(err)
		if code == flushedCode {
			b.report(answered, s.size, fields{"mode": "request", "outstanding": s.outstanding})
			return
		}
		var response exchange
		check(rlp.DecodeBytes(reply, &response))
		if code != responseCode || response.ID != answered {
			check(fmt.Errorf("bad answer to request %d: code %d, id %d", answered, code, response.ID))
		}
		<-waiting
	}
}

// idle holds connections that say nothing but pong, and says what they cost the peer.
func idle(s settings) {
	b := begin(s)
	defer b.leave()
	for range s.count {
		l := connect(s)
		defer l.leave()
		go l.next() // nothing comes but pings, until the end
	}
	emit(fields{"event": "holding", "count": s.count})
	time.Sleep(s.duration)
	var after usage
	b.ask(usageCode, usageIsCode, &after)
	emit(fields{"mode": "idle", "count": s.count, "seconds": time.Since(b.start).Seconds(), "remoteResidentBytes": after.ResidentBytes,
		"remoteBytesEach": (float64(after.ResidentBytes) - float64(b.remote.ResidentBytes)) / float64(s.count)})
}
