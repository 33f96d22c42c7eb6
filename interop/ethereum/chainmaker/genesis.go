package main

import (
	"crypto/ecdsa"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"
)

const (
	bundleChainID = 3_626_026
	benchChainID  = 3_626_027
	gasLimit      = 100_000_000
)

// account is one whose key everybody can derive.
type account struct {
	key     *ecdsa.PrivateKey
	address common.Address
}

func makeAccounts(count int) []account {
	accounts := make([]account, count)
	for i := range accounts {
		key, err := crypto.ToECDSA(crypto.Keccak256(fmt.Appendf(nil, "peerloom test account %d", i)))
		if err != nil {
			panic(err)
		}
		accounts[i] = account{key, crypto.PubkeyToAddress(key.PublicKey)}
	}
	return accounts
}

// makeGenesis starts a chain that is proof of stake from its first block, with the contracts that the forks from
// Cancun to Amsterdam call at fixed addresses.
func makeGenesis(config *params.ChainConfig, accounts []account) *core.Genesis {
	system := map[common.Address][]byte{
		params.BeaconRootsAddress:          params.BeaconRootsCode,
		params.HistoryStorageAddress:       params.HistoryStorageCode,
		params.WithdrawalQueueAddress:      params.WithdrawalQueueCode,
		params.ConsolidationQueueAddress:   params.ConsolidationQueueCode,
		params.BuilderDepositAddress:       params.BuilderDepositCode,
		params.BuilderExitAddress:          params.BuilderExitCode,
		params.DeterministicFactoryAddress: params.DeterministicFactoryCode,
	}
	alloc := types.GenesisAlloc{}
	for address, code := range system {
		alloc[address] = types.Account{Nonce: 1, Balance: new(big.Int), Code: code}
	}
	for _, a := range accounts {
		alloc[a.address] = types.Account{Balance: new(big.Int).Mul(big.NewInt(1_000_000), big.NewInt(params.Ether))}
	}
	return &core.Genesis{
		Config:     config,
		ExtraData:  []byte("peerloom"),
		GasLimit:   gasLimit,
		Difficulty: new(big.Int),
		BaseFee:    big.NewInt(params.InitialBaseFee),
		Alloc:      alloc,
	}
}

// makeConfig has every fork that goes by number at 0, and Shanghai at time 0.
func makeConfig(chainID int64) *params.ChainConfig {
	zero, start := new(big.Int), uint64(0)
	return &params.ChainConfig{
		ChainID: big.NewInt(chainID), HomesteadBlock: zero, EIP150Block: zero, EIP155Block: zero, EIP158Block: zero,
		ByzantiumBlock: zero, ConstantinopleBlock: zero, PetersburgBlock: zero, IstanbulBlock: zero,
		MuirGlacierBlock: zero, BerlinBlock: zero, LondonBlock: zero, ArrowGlacierBlock: zero, GrayGlacierBlock: zero,
		MergeNetsplitBlock: zero, TerminalTotalDifficulty: zero, ShanghaiTime: &start,
		BlobScheduleConfig: &params.BlobScheduleConfig{
			Cancun: params.DefaultCancunBlobConfig,
			Prague: params.DefaultPragueBlobConfig,
		},
	}
}
