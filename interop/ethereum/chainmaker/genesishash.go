package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/rawdb"
	"github.com/ethereum/go-ethereum/triedb"
)

// genesisHashes reads one JSON string a line, the text of a genesis.json, and writes a line for each: the hash that
// `geth init` gives it, or the error with which it refuses it.
func genesisHashes(in io.Reader, out io.Writer) error {
	lines, results := bufio.NewReader(in), json.NewEncoder(out)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return nil
		}
		var text string
		if err == nil {
			err = json.Unmarshal(line, &text)
		}
		if err != nil {
			return err
		}
		if err := results.Encode(genesisHash(text)); err != nil {
			return err
		}
	}
}

// genesisHash does what `geth init` does, in memory. It also reads the header back, as `geth` does when it starts.
func genesisHash(text string) (result struct{ Hash, Error, Start string }) {
	defer func() {
		if failure := recover(); failure != nil {
			result.Error = fmt.Sprint("panic: ", failure)
		}
	}()
	genesis := new(core.Genesis)
	if err := json.NewDecoder(strings.NewReader(text)).Decode(genesis); err != nil {
		result.Error = err.Error()
		return result
	}
	if genesis.Difficulty.Sign() < 0 || genesis.BaseFee != nil && genesis.BaseFee.Sign() < 0 {
		result.Error = "a negative number has no RLP" // geth ends the process here
		return result
	}
	db := rawdb.NewMemoryDatabase()
	state := triedb.NewDatabase(db, &triedb.Config{IsUBT: genesis.IsUBT()})
	_, hash, _, err := core.SetupGenesisBlockWithOverride(db, state, genesis, nil, nil)
	if err != nil {
		result.Error = err.Error()
		return result
	}
	result.Hash = hash.Hex()
	if rawdb.ReadHeader(db, hash, 0) == nil {
		result.Start = "the header cannot be read back"
	}
	return result
}
