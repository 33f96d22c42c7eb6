// Command rpcbench is what JSON-RPC is measured with: a server that costs next to nothing, go-ethereum's own client, and
// a load for servers.
//
//	rpcbench serve --ipc PATH
//	rpcbench call --url URL [--concurrency N] [--batch N]
//	rpcbench load --url URL --body JSON [--connections N] [--calls N] [--warmup D] [--duration D] [--pid P]
//
// All print one JSON object a line; any failure ends the program. Everything is on loopback.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"
)

type fields map[string]any

func emit(line fields) { check(json.NewEncoder(os.Stdout).Encode(line)) }

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "rpcbench:", err)
		os.Exit(1)
	}
}

func main() {
	modes := map[string]func([]string){"serve": serve, "call": call, "load": load}
	if len(os.Args) > 1 && modes[os.Args[1]] != nil {
		modes[os.Args[1]](os.Args[2:])
		return
	}
	check(errors.New("say serve, call or load"))
}

// cpuMicros is what this process has used so far.
func cpuMicros() int64 {
	var used syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return used.Utime.Nano()/1000 + used.Stime.Nano()/1000
}
