/**
 * Flags of an Ethereum chain. Names and defaults are go-ethereum's where it has the flag.
 * @module
 */
import { NETWORK_NAMES } from '../../ethereum/chain/index.ts'
import { flag, inCategory, optionalFlag } from '../config/flag.ts'
import { fileType, hashType, oneOfType, switchType, wholeType } from '../config/value-type.ts'

export const ETHEREUM_FLAGS = inCategory('ETHEREUM', {
  network: optionalFlag({
    option: 'ethereum.network',
    type: oneOfType('name', NETWORK_NAMES),
    defaultText: "the data folder's",
    switches: NETWORK_NAMES,
    help: 'built-in chain',
  }),
  genesis: optionalFlag({
    option: 'ethereum.genesis',
    type: fileType,
    help: "genesis.json of another chain, in go-ethereum's format; needed once",
  }),
  networkid: optionalFlag({
    option: 'ethereum.networkId',
    type: wholeType(1),
    defaultText: 'the chain id',
    help: 'network id sent to peers',
  }),
  synctarget: optionalFlag({
    type: hashType,
    aliases: ['target'],
    help: 'hash of the block to sync to',
  }),
  exitwhensynced: flag({
    type: switchType,
    fallback: false,
    aliases: ['exit-when-synced'],
    help: 'exits when the target is reached',
  }),
})
