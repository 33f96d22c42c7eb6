package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"runtime/debug"
	"syscall"

	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/rlp"
)

// bench/1. Codes not named here are free.
const (
	protocolName    = "bench"
	protocolVersion = 1
	protocolLength  = 16

	sinkCode     = 0 // data, as a byte string: counted, else ignored
	flushCode    = 1 // []: asks for what was counted since the last flush
	flushedCode  = 2 // [messages, bytes]
	requestCode  = 3 // [id, data]
	responseCode = 4 // [id, data]: the request's own
	usageCode    = 5 // []: asks what the process uses
	usageIsCode  = 6 // [resident bytes, CPU microseconds since it started]
)

type counted struct{ Messages, Bytes uint64 }

type exchange struct {
	ID   uint64
	Data []byte
}

type usage struct{ ResidentBytes, CPUMicros uint64 }

// answer is the serving side of bench/1.
func answer(_ *p2p.Peer, rw p2p.MsgReadWriter) error {
	var seen counted
	for {
		msg, err := rw.ReadMsg()
		if err != nil {
			return err
		}
		if err := answerOne(rw, msg, &seen); err != nil {
			return err
		}
		if err := msg.Discard(); err != nil {
			return err
		}
	}
}

func answerOne(rw p2p.MsgReadWriter, msg p2p.Msg, seen *counted) error {
	switch msg.Code {
	case sinkCode:
		seen.Messages++
		seen.Bytes += uint64(msg.Size)
	case flushCode:
		result := *seen
		*seen = counted{}
		return p2p.Send(rw, flushedCode, result)
	case requestCode:
		var request exchange
		if err := msg.Decode(&request); err != nil {
			return err
		}
		return p2p.Send(rw, responseCode, request)
	case usageCode:
		return p2p.Send(rw, usageIsCode, ownUsage())
	}
	return nil
}

// payload is half random, so that compression has as much to do as with real messages.
func payload(size int) []byte {
	data := make([]byte, size)
	_, _ = rand.Read(data[:size/2])
	return data
}

func encoded(value any) []byte {
	data, err := rlp.EncodeToBytes(value)
	check(err)
	return data
}

// ownUsage gives memory back first: what is garbage is not what a connection costs.
func ownUsage() usage {
	debug.FreeOSMemory()
	return usage{residentBytes(), cpuMicros()}
}

func cpuMicros() uint64 {
	var r syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &r))
	return uint64(r.Utime.Nano()+r.Stime.Nano()) / 1000
}

// residentBytes is what Linux says, 0 elsewhere.
func residentBytes() uint64 {
	var size, resident uint64
	text, _ := os.ReadFile("/proc/self/statm")
	_, _ = fmt.Sscan(string(text), &size, &resident)
	return resident * uint64(os.Getpagesize())
}
