package main

import (
	"encoding/binary"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"
	"github.com/holiman/uint256"
)

// A fork every 40 blocks; the chain maker's blocks are 10 seconds apart, so Cancun begins with block 40.
const bundleForkInterval = 400

// callGas is ample on both sides of Amsterdam, which charges more for new state.
const callGas = 1_000_000

var (
	// loggerCode stores the first word of its input under the block number, then logs its input three times: without
	// topics, with its own address, and with a fixed topic and the caller.
	//
	//	calldatacopy(0, 0, calldatasize); sstore(number, calldataload(0))
	//	log0(0, calldatasize); log1(0, calldatasize, address); log2(0, calldatasize, 0x70656572, caller); stop
	loggerCode = common.FromHex("365f5f37" + "5f354355" + "365fa0" + "30365fa1" + "336370656572365fa2" + "00")
	// revertCode fails, whatever it is asked.
	revertCode      = common.FromHex("5f5ffd")
	loggerAddress   = common.HexToAddress("0x1099e40000000000000000000000000000000001")
	reverterAddress = common.HexToAddress("0x4e7e470000000000000000000000000000000002")
)

// initCode deploys what follows it: codecopy(0, 10, length); return(0, length).
func initCode(runtime []byte) []byte {
	length := byte(len(runtime))
	return append([]byte{0x60, length, 0x60, 0x0a, 0x5f, 0x39, 0x60, length, 0x5f, 0xf3}, runtime...)
}

// bundle is a short chain that crosses every fork from Shanghai to Amsterdam and has a bit of everything in it.
func bundle() preset {
	config := makeConfig(bundleChainID)
	at := func(i uint64) *uint64 { time := i * bundleForkInterval; return &time }
	config.CancunTime, config.PragueTime, config.OsakaTime = at(1), at(2), at(3)
	config.BPO1Time, config.BPO2Time, config.AmsterdamTime = at(4), at(5), at(6)
	config.BlobScheduleConfig.BPO1 = params.DefaultBPO1BlobConfig
	config.BlobScheduleConfig.BPO2 = params.DefaultBPO2BlobConfig
	accounts := makeAccounts(10)
	genesis := makeGenesis(config, accounts)
	genesis.Alloc[loggerAddress] = types.Account{Nonce: 1, Balance: new(big.Int), Code: loggerCode}
	genesis.Alloc[reverterAddress] = types.Account{Nonce: 1, Balance: new(big.Int), Code: revertCode}
	return preset{genesis: genesis, accounts: accounts, fill: func(b *core.BlockGen) {
		w := &writer{b, config, accounts, b.Number().Uint64()}
		w.fill()
	}}
}

// writer fills one block.
type writer struct {
	*core.BlockGen
	config   *params.ChainConfig
	accounts []account
	number   uint64
}

func (w *writer) fill() {
	w.SetCoinbase(common.BytesToAddress(w.hash("coinbase", w.number%3).Bytes()))
	w.SetExtra([]byte("peerloom"))
	cancun := w.config.IsCancun(w.Number(), w.Timestamp())
	prague := w.config.IsPrague(w.Number(), w.Timestamp())
	if cancun {
		w.SetParentBeaconRoot(w.hash("beacon root", w.number))
	}
	if w.number%20 == 19 {
		return // an empty block
	}
	every := func(n, rest uint64, add func()) {
		if w.number%n == rest {
			add()
		}
	}
	every(2, 0, w.legacyTransfer)
	every(5, 0, w.create)
	every(3, 0, w.accessListCall)
	every(3, 1, w.dynamicFeeTransfer)
	every(4, 1, w.dynamicFeeCall)
	every(11, 0, w.failingCall)
	if cancun {
		every(4, 0, w.blobs)
	}
	if prague {
		every(4, 2, w.setCode)
		every(16, 8, w.withdrawalRequest)
	}
	every(3, 2, w.withdrawals)
}

// hash is a value that looks random and is the same every time.
func (w *writer) hash(what string, n uint64) common.Hash {
	return crypto.Keccak256Hash([]byte(what), binary.BigEndian.AppendUint64(nil, n))
}

// send signs and adds one; each kind of transaction has an account of its own.
func (w *writer) send(sender int, make func(nonce uint64) types.TxData) {
	from := w.accounts[sender]
	w.AddTx(types.MustSignNewTx(from.key, w.Signer(), make(w.TxNonce(from.address))))
}

func (w *writer) tip() *big.Int    { return big.NewInt(params.GWei) }
func (w *writer) feeCap() *big.Int { return big.NewInt(50 * params.GWei) }

// recipient is a new account in every fourth block, else one of a few.
func (w *writer) recipient() *common.Address {
	seed := w.number % 8
	if w.number%4 == 0 {
		seed = w.number
	}
	address := common.BytesToAddress(w.hash("recipient", seed).Bytes())
	return &address
}

func (w *writer) legacyTransfer() {
	w.send(0, func(nonce uint64) types.TxData {
		return &types.LegacyTx{Nonce: nonce, GasPrice: w.feeCap(), Gas: callGas, To: w.recipient(), Value: big.NewInt(int64(w.number))}
	})
}

func (w *writer) create() {
	w.send(1, func(nonce uint64) types.TxData {
		return &types.LegacyTx{Nonce: nonce, GasPrice: w.feeCap(), Gas: 3 * callGas, Value: new(big.Int), Data: initCode(loggerCode)}
	})
}

func (w *writer) accessListCall() {
	key := common.BigToHash(w.Number())
	w.send(2, func(nonce uint64) types.TxData {
		return &types.AccessListTx{
			ChainID: w.config.ChainID, Nonce: nonce, GasPrice: w.feeCap(), Gas: callGas, To: &loggerAddress, Value: new(big.Int),
			Data:       w.hash("access list", w.number).Bytes(),
			AccessList: types.AccessList{{Address: loggerAddress, StorageKeys: []common.Hash{key}}, {Address: *w.recipient(), StorageKeys: []common.Hash{}}},
		}
	})
}

func (w *writer) dynamicFee(sender int, to *common.Address, value int64, data []byte) {
	w.send(sender, func(nonce uint64) types.TxData {
		return &types.DynamicFeeTx{
			ChainID: w.config.ChainID, Nonce: nonce, GasTipCap: w.tip(), GasFeeCap: w.feeCap(), Gas: callGas,
			To: to, Value: big.NewInt(value), Data: data,
		}
	})
}

func (w *writer) dynamicFeeTransfer() { w.dynamicFee(3, w.recipient(), params.GWei, nil) }

// dynamicFeeCall logs between 1 and 200 bytes.
func (w *writer) dynamicFeeCall() {
	data := make([]byte, 0, 224)
	for i := uint64(0); len(data) < 200; i++ {
		data = append(data, w.hash("log", w.number<<8+i).Bytes()...)
	}
	w.dynamicFee(4, &loggerAddress, 0, data[:1+w.number%200])
}

func (w *writer) failingCall() { w.dynamicFee(5, &reverterAddress, 0, []byte("fail")) }

// blobs carries one to three blobs; blocks hold such transactions without the blobs themselves.
func (w *writer) blobs() {
	hashes := make([]common.Hash, 1+w.number/4%3)
	for i := range hashes {
		hashes[i] = w.hash("blob", w.number<<8+uint64(i))
		hashes[i][0] = 1 // the version of KZG commitments
	}
	w.send(6, func(nonce uint64) types.TxData {
		return &types.BlobTx{
			ChainID: uint256.MustFromBig(w.config.ChainID), Nonce: nonce, Gas: callGas,
			GasTipCap: uint256.MustFromBig(w.tip()), GasFeeCap: uint256.MustFromBig(w.feeCap()),
			To: loggerAddress, Value: new(uint256.Int), Data: []byte("blobs"),
			BlobFeeCap: uint256.NewInt(params.GWei), BlobHashes: hashes,
		}
	})
}

// setCode has an account that never sends by itself act as the logger, in turn with being a plain account again.
func (w *writer) setCode() {
	authority := w.accounts[8+w.number/4%2]
	target := loggerAddress
	if w.number%24 == 2 {
		target = common.Address{}
	}
	authorization, err := types.SignSetCode(authority.key, types.SetCodeAuthorization{
		ChainID: *uint256.MustFromBig(w.config.ChainID), Address: target, Nonce: w.TxNonce(authority.address),
	})
	if err != nil {
		panic(err)
	}
	w.send(7, func(nonce uint64) types.TxData {
		return &types.SetCodeTx{
			ChainID: uint256.MustFromBig(w.config.ChainID), Nonce: nonce, Gas: callGas,
			GasTipCap: uint256.MustFromBig(w.tip()), GasFeeCap: uint256.MustFromBig(w.feeCap()),
			To: authority.address, Value: uint256.NewInt(1), Data: []byte("set code"),
			AuthList: []types.SetCodeAuthorization{authorization},
		}
	})
}

// withdrawalRequest asks the EIP-7002 contract for a validator's exit, so that the block has requests.
func (w *writer) withdrawalRequest() {
	publicKey := append(w.hash("validator", w.number).Bytes(), w.hash("validator", w.number).Bytes()[:16]...)
	w.dynamicFee(3, &params.WithdrawalQueueAddress, 1, append(publicKey, make([]byte, 8)...))
}

func (w *writer) withdrawals() {
	for i := range 1 + w.number/3%4 {
		w.AddWithdrawal(&types.Withdrawal{
			Validator: 1000 + w.number + i,
			Address:   common.BytesToAddress(w.hash("validator", (w.number+i)%16).Bytes()),
			Amount:    32_000_000 + w.number,
		})
	}
}
