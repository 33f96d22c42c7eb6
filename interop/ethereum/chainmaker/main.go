// Command chainmaker makes chains for tests, demos and benches. The same flags give the same bytes on every machine.
//
//	chainmaker --preset bundle --out DIR
//	chainmaker --preset bench --blocks 20000 --out DIR
//	chainmaker --genesis-hash < LINES
//
// It writes genesis.json, chain.rlp, receipts.rlp, bals.rlp and info.json; README.md beside go.mod says what is in them.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/consensus/beacon"
	"github.com/ethereum/go-ethereum/consensus/ethash"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/eth/protocols/eth"
	"github.com/ethereum/go-ethereum/rlp"
)

// preset is one kind of chain: where it starts, and what goes into each block.
type preset struct {
	genesis  *core.Genesis
	accounts []account
	fill     func(*core.BlockGen)
}

// info is what a reader of the chain wants to know without decoding it.
type info struct {
	Preset       string            `json:"preset"`
	ChainID      uint64            `json:"chainId"`
	NetworkID    uint64            `json:"networkId"`
	GenesisHash  common.Hash       `json:"genesisHash"`
	HeadNumber   uint64            `json:"headNumber"`
	HeadHash     common.Hash       `json:"headHash"`
	HeadTime     uint64            `json:"headTime"`
	HeadState    common.Hash       `json:"headStateRoot"`
	Forks        map[string]uint64 `json:"forks"`
	Transactions map[string]int    `json:"transactions"`
	Failed       int               `json:"failedTransactions"`
	Creations    int               `json:"contractCreations"`
	Logs         int               `json:"logs"`
	Withdrawals  int               `json:"withdrawals"`
	EmptyBlocks  int               `json:"emptyBlocks"`
	AccessLists  int               `json:"blocksWithAccessList"`
	// Keys of the accounts with a balance at genesis. They are derived from public words and guard nothing.
	TestKeys map[common.Address]string `json:"testKeys"`
}

var txNames = map[uint8]string{0: "legacy", 1: "accessList", 2: "dynamicFee", 3: "blob", 4: "setCode"}

func main() {
	name := flag.String("preset", "bundle", "bundle or bench")
	blocks := flag.Int("blocks", 0, "number of blocks (default 320 for bundle, 20000 for bench)")
	out := flag.String("out", "", "folder to write to")
	hashes := flag.Bool("genesis-hash", false, "read texts of genesis.json, one JSON string a line, and write their hashes")
	flag.Parse()
	if *hashes {
		if err := genesisHashes(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "chainmaker:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(*name, *blocks, *out); err != nil {
		fmt.Fprintln(os.Stderr, "chainmaker:", err)
		os.Exit(1)
	}
}

func run(name string, blocks int, out string) error {
	if out == "" {
		return fmt.Errorf("--out is missing: say which folder to write to")
	}
	var chosen preset
	switch name {
	case "bundle":
		chosen, blocks = bundle(), orDefault(blocks, 320)
	case "bench":
		chosen, blocks = bench(), orDefault(blocks, 20_000)
	default:
		return fmt.Errorf("--preset is %q: it must be bundle or bench", name)
	}
	engine := beacon.New(ethash.NewFaker())
	fill := func(i int, b *core.BlockGen) {
		chosen.fill(b)
		if (i+1)%1000 == 0 {
			fmt.Fprintf(os.Stderr, "chainmaker: %d of %d blocks\n", i+1, blocks)
		}
	}
	_, chain, receipts := core.GenerateChainWithGenesis(chosen.genesis, engine, blocks, fill)
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	if err := writeChain(out, chain, receipts); err != nil {
		return err
	}
	if err := writeJSON(filepath.Join(out, "genesis.json"), chosen.genesis); err != nil {
		return err
	}
	return writeJSON(filepath.Join(out, "info.json"), describe(name, chosen, chain, receipts))
}

func orDefault(value, fallback int) int {
	if value > 0 {
		return value
	}
	return fallback
}

// writeChain writes the three RLP files: one item after the other, from block 1 on.
func writeChain(out string, chain []*types.Block, receipts []types.Receipts) error {
	files := make([]*os.File, 3)
	for i, name := range []string{"chain.rlp", "receipts.rlp", "bals.rlp"} {
		file, err := os.Create(filepath.Join(out, name))
		if err != nil {
			return err
		}
		defer file.Close()
		files[i] = file
	}
	for i, block := range chain {
		if err := block.EncodeRLP(files[0]); err != nil {
			return err
		}
		if err := rlp.Encode(files[1], eth.NewReceiptList(receipts[i])); err != nil {
			return err
		}
		if err := writeAccessList(files[2], block); err != nil {
			return err
		}
	}
	return nil
}

// writeAccessList writes a block's access list, or the empty string for a block from before Amsterdam.
func writeAccessList(file *os.File, block *types.Block) error {
	list := block.AccessList()
	if list == nil {
		_, err := file.Write([]byte{0x80})
		return err
	}
	if expected := block.Header().BlockAccessListHash; expected == nil || list.Hash() != *expected {
		return fmt.Errorf("block %d: its access list does not have the hash its header names", block.NumberU64())
	}
	return rlp.Encode(file, list)
}

func describe(name string, p preset, chain []*types.Block, receipts []types.Receipts) info {
	head, config := chain[len(chain)-1], p.genesis.Config
	i := info{
		Preset: name, ChainID: config.ChainID.Uint64(), NetworkID: config.ChainID.Uint64(),
		GenesisHash: p.genesis.ToBlock().Hash(),
		HeadNumber:  head.NumberU64(), HeadHash: head.Hash(), HeadTime: head.Time(), HeadState: head.Root(),
		Forks: forks(config), Transactions: map[string]int{}, TestKeys: map[common.Address]string{},
	}
	for n, block := range chain {
		for t, tx := range block.Transactions() {
			i.Transactions[txNames[tx.Type()]]++
			if tx.To() == nil {
				i.Creations++
			}
			if receipts[n][t].Status == types.ReceiptStatusFailed {
				i.Failed++
			}
			i.Logs += len(receipts[n][t].Logs)
		}
		i.Withdrawals += len(block.Withdrawals())
		if len(block.Transactions()) == 0 && len(block.Withdrawals()) == 0 {
			i.EmptyBlocks++
		}
		if block.AccessList() != nil {
			i.AccessLists++
		}
	}
	for _, a := range p.accounts {
		i.TestKeys[a.address] = common.Bytes2Hex(common.LeftPadBytes(a.key.D.Bytes(), 32))
	}
	return i
}

// forks lists the times of the forks that go by time, named as in genesis.json without "Time".
func forks(config any) map[string]uint64 {
	text, _ := json.Marshal(config)
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(text, &fields)
	times := map[string]uint64{}
	for key, value := range fields {
		time, ok := new(big.Int).SetString(string(value), 10)
		if name, isTime := strings.CutSuffix(key, "Time"); isTime && ok {
			times[name] = time.Uint64()
		}
	}
	return times
}

func writeJSON(path string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
