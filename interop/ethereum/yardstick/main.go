// Command yardstick is go-ethereum's own p2p stack as a bench peer, to be measured and to measure others with.
//
//	yardstick serve [--port P] [--max-peers N]
//	yardstick dial --node ENODE --mode handshakes|oneway|request|idle|all [flags]
//
// Both print one JSON object a line. serve begins with {"event":"listening","enode":…}; dial prints one line a result.
// Addresses are loopback. The protocol, bench/1 of 16 codes, is described in protocol.go.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/p2p/enode"
)

type fields map[string]any

func emit(line fields) { _ = json.NewEncoder(os.Stdout).Encode(line) }

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "yardstick:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) > 0 && args[0] == "serve" {
		return serve(args[1:])
	}
	if len(args) > 0 && args[0] == "dial" {
		return dialCommand(args[1:])
	}
	return fmt.Errorf("say serve or dial")
}

func serve(args []string) error {
	set := flag.NewFlagSet("serve", flag.ExitOnError)
	port := set.Int("port", 0, "TCP port, 0 for any free one")
	maxPeers := set.Int("max-peers", 10_000, "connections to hold at most")
	_ = set.Parse(args)
	key, err := crypto.GenerateKey()
	if err != nil {
		return err
	}
	server := &p2p.Server{Config: p2p.Config{
		PrivateKey: key, Name: "yardstick", ListenAddr: fmt.Sprintf("127.0.0.1:%d", *port),
		MaxPeers: *maxPeers, MaxPendingPeers: 1000, DialRatio: *maxPeers, NoDiscovery: true, NoDial: true,
		Protocols: []p2p.Protocol{{Name: protocolName, Version: protocolVersion, Length: protocolLength, Run: answer}},
	}}
	if err := server.Start(); err != nil {
		return err
	}
	defer server.Stop()
	emit(fields{"event": "listening", "enode": server.Self().URLv4()})
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	<-stop
	return nil
}

// settings of a dialling run.
type settings struct {
	node                                  *enode.Node
	mode                                  string
	count, concurrency, size, outstanding int
	duration                              time.Duration
}

func dialCommand(args []string) error {
	var s settings
	set := flag.NewFlagSet("dial", flag.ExitOnError)
	url := set.String("node", "", "enode URL of the peer")
	set.StringVar(&s.mode, "mode", "all", "handshakes, oneway, request, idle, or all for the table in README.md")
	set.IntVar(&s.count, "count", 500, "handshakes: how many; idle: connections to hold")
	set.IntVar(&s.concurrency, "concurrency", 1, "handshakes under way at once")
	set.IntVar(&s.size, "size", 100, "oneway, request: payload bytes")
	set.IntVar(&s.outstanding, "outstanding", 1, "request: how many wait for their answer at once")
	seconds := set.Float64("seconds", 3, "oneway, request, idle: how long")
	_ = set.Parse(args)
	s.duration = time.Duration(*seconds * float64(time.Second))
	if s.count < 1 || s.concurrency < 1 || s.outstanding < 1 {
		return fmt.Errorf("--count, --concurrency and --outstanding must be at least 1")
	}
	if s.size < 0 || s.size > 10<<20 {
		return fmt.Errorf("--size must be from 0 to 10485760")
	}
	node, err := enode.ParseV4(*url)
	if err != nil {
		return fmt.Errorf("--node: %w", err)
	}
	s.node = node
	modes := map[string]func(settings) error{"handshakes": handshakes, "oneway": oneWay, "request": requests, "idle": idle, "all": all}
	mode, known := modes[s.mode]
	if !known {
		return fmt.Errorf("--mode %q: it must be handshakes, oneway, request, idle or all", s.mode)
	}
	return mode(s)
}

// all is every figure of the table, each for a few seconds.
func all(s settings) error {
	for _, concurrency := range []int{1, 50} {
		s.count, s.concurrency = 1000, concurrency
		if err := handshakes(s); err != nil {
			return err
		}
	}
	for _, size := range []int{100, 1024, 32 << 10, 100_000} {
		s.size = size
		if err := oneWay(s); err != nil {
			return err
		}
	}
	for _, outstanding := range []int{1, 100} {
		s.size, s.outstanding = 100, outstanding
		if err := requests(s); err != nil {
			return err
		}
	}
	s.count = 200
	return idle(s)
}
