package main

import (
	"bufio"
	"context"
	"flag"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ethereum/go-ethereum/rpc"
)

// call is go-ethereum's client as one of the programs of bench/callers: says {"event":"ready"}, then for each line with a
// number of seconds calls for so long, and says what that came to.
func call(args []string) {
	set := flag.NewFlagSet("call", flag.ExitOnError)
	url := set.String("url", "", "of the server, or the path of its socket")
	concurrency := set.Int("concurrency", 1, "calls, or batches, under way at once")
	batch := set.Int("batch", 0, "calls in a batch; 0 for single calls")
	_ = set.Parse(args)
	// http.DefaultTransport keeps two connections to a host: a program that calls a hundredfold has to say so.
	keeping := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: *concurrency}}
	client, err := rpc.DialOptions(context.Background(), *url, rpc.WithHTTPClient(keeping))
	check(err)
	emit(fields{"event": "ready"})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		seconds, err := strconv.ParseFloat(strings.TrimSpace(lines.Text()), 64)
		check(err)
		round(client, *concurrency, *batch, time.Duration(seconds*float64(time.Second)))
	}
}

func round(client *rpc.Client, concurrency, batch int, duration time.Duration) {
	var calls atomic.Int64
	var running sync.WaitGroup
	start, cpu := time.Now(), cpuMicros()
	for range concurrency {
		running.Go(func() {
			for time.Since(start) < duration {
				if batch > 0 {
					callBatch(client, batch)
				} else {
					callOne(client)
				}
				calls.Add(int64(max(batch, 1)))
			}
		})
	}
	running.Wait()
	emit(fields{"calls": calls.Load(), "seconds": time.Since(start).Seconds(), "cpuMicros": cpuMicros() - cpu})
}

func callOne(client *rpc.Client) {
	var result string
	check(client.Call(&result, "eth_blockNumber"))
}

func callBatch(client *rpc.Client, size int) {
	results := make([]string, size)
	batch := make([]rpc.BatchElem, size)
	for i := range batch {
		batch[i] = rpc.BatchElem{Method: "eth_blockNumber", Result: &results[i]}
	}
	check(client.BatchCall(batch))
	for _, each := range batch {
		check(each.Error)
	}
}
