package main

import (
	"encoding/binary"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"
)

const (
	benchTransfers  = 20
	benchRecipients = 4096
)

// bench is a long plain chain, all forks to Prague at 0: odd blocks carry 20 transfers, even ones none.
func bench() preset {
	config, start := makeConfig(benchChainID), uint64(0)
	config.CancunTime, config.PragueTime = &start, &start
	accounts := makeAccounts(benchTransfers)
	return preset{genesis: makeGenesis(config, accounts), accounts: accounts, fill: func(b *core.BlockGen) {
		number := b.Number().Uint64()
		if number%2 == 0 {
			return
		}
		signer := b.Signer()
		for i, sender := range accounts {
			b.AddTx(types.MustSignNewTx(sender.key, signer, &types.DynamicFeeTx{
				ChainID:   config.ChainID,
				Nonce:     b.TxNonce(sender.address),
				GasTipCap: big.NewInt(params.GWei),
				GasFeeCap: big.NewInt(10 * params.GWei),
				Gas:       params.TxGas,
				To:        benchRecipient(number/2*benchTransfers + uint64(i)),
				Value:     big.NewInt(int64(number)),
			}))
		}
	}}
}

func benchRecipient(i uint64) *common.Address {
	address := common.HexToAddress("0xbe00000000000000000000000000000000000000")
	binary.BigEndian.PutUint64(address[12:], i%benchRecipients)
	return &address
}
