// Command yardstick is go-ethereum's own p2p stack as a bench peer, to be measured and to measure others with.
//
//	yardstick serve [--port P]
//	yardstick dial --node ENODE --mode handshakes|oneway|request|idle|all [flags]
//
// Both print one JSON object a line: serve {"event":"listening","enode":…}, dial a line for each result. Everything is
// on loopback, and any failure ends the program. protocol.go describes the protocol, bench/1.
package main

import (
	"encoding/json"
	"errors"
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

func emit(line fields) { check(json.NewEncoder(os.Stdout).Encode(line)) }

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "yardstick:", err)
		os.Exit(1)
	}
}

func main() {
	switch {
	case len(os.Args) > 1 && os.Args[1] == "serve":
		serve(os.Args[2:])
	case len(os.Args) > 1 && os.Args[1] == "dial":
		dial(os.Args[2:])
	default:
		check(errors.New("say serve or dial"))
	}
}

func serve(args []string) {
	set := flag.NewFlagSet("serve", flag.ExitOnError)
	port := set.Int("port", 0, "TCP port, 0 for any free one")
	_ = set.Parse(args)
	key, err := crypto.GenerateKey()
	check(err)
	server := &p2p.Server{Config: p2p.Config{
		PrivateKey: key, Name: "yardstick", ListenAddr: fmt.Sprintf("127.0.0.1:%d", *port),
		MaxPeers: 10_000, MaxPendingPeers: 1000, NoDiscovery: true, NoDial: true,
		Protocols: []p2p.Protocol{{Name: protocolName, Version: protocolVersion, Length: protocolLength, Run: answer}},
	}}
	check(server.Start())
	defer server.Stop()
	emit(fields{"event": "listening", "enode": server.Self().URLv4()})
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	<-stop
}

// settings of a dialling run.
type settings struct {
	node                                  *enode.Node
	count, concurrency, size, outstanding int
	duration                              time.Duration
}

func dial(args []string) {
	var s settings
	set := flag.NewFlagSet("dial", flag.ExitOnError)
	url := set.String("node", "", "enode URL of the peer")
	name := set.String("mode", "all", "handshakes, oneway, request, idle, or all with usual settings")
	set.IntVar(&s.count, "count", 500, "handshakes: how many; idle: connections to hold")
	set.IntVar(&s.concurrency, "concurrency", 1, "handshakes under way at once")
	set.IntVar(&s.size, "size", 100, "oneway, request: payload bytes")
	set.IntVar(&s.outstanding, "outstanding", 1, "request: how many wait for their answer at once")
	set.DurationVar(&s.duration, "duration", 3*time.Second, "oneway, request, idle: how long")
	_ = set.Parse(args)
	modes := map[string]func(settings){"handshakes": handshakes, "oneway": oneWay, "request": requests, "idle": idle, "all": all}
	mode, known := modes[*name]
	if !known || s.count < 1 || s.concurrency < 1 || s.outstanding < 1 || s.size < 0 {
		check(errors.New("--mode must be a known one, --count, --concurrency and --outstanding at least 1, --size at least 0"))
	}
	var err error
	s.node, err = enode.ParseV4(*url)
	check(err)
	mode(s)
}

// all is every mode with the settings that are usually compared.
func all(s settings) {
	for _, s.concurrency = range []int{1, 50} {
		s.count = 1000
		handshakes(s)
	}
	for _, s.size = range []int{100, 1024, 32 << 10, 100_000} {
		oneWay(s)
	}
	for _, s.outstanding = range []int{1, 100} {
		s.size = 100
		requests(s)
	}
	s.count = 200
	idle(s)
}
