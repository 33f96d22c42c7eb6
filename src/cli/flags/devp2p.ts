/**
 * Flags of the devp2p server and the node's identity. Names and defaults are go-ethereum's where it has the flag.
 * @module
 */
import { MAX_PEERS } from '../../pool/index.ts'
import { flag, inCategory, optionalFlag } from '../config/flag.ts'
import { fileType, nodesType, portType, rangesType, secretKeyType, textType, wholeType } from '../config/value-type.ts'

export const DEVP2P_FLAGS = inCategory('NETWORKING', {
  host: flag({
    option: 'p2p.listen.host',
    type: textType('address'),
    fallback: '0.0.0.0',
    help: 'address to listen on for peers',
  }),
  port: flag({
    option: 'p2p.listen.port',
    type: portType,
    fallback: 30_303,
    help: 'port to listen on for peers; 0 picks a free one',
  }),
  maxpeers: flag({
    option: 'p2p.maxPeers',
    type: wholeType(0, 10_000),
    fallback: MAX_PEERS,
    aliases: ['max-peers'],
    help: 'maximum number of peers; 0 admits trusted nodes only',
  }),
  maxpendpeers: flag({
    option: 'p2p.maxPendingPeers',
    type: wholeType(0, 10_000),
    fallback: 0,
    help: 'maximum number of pending handshakes, each way; 0 is 50',
  }),
  dialratio: flag({
    option: 'p2p.dialRatio',
    type: wholeType(0, 10_000),
    fallback: 0,
    help: 'ratio of all peers to dialed ones; the others are inbound; 0 is 3',
  }),
  staticnodes: flag({
    option: 'p2p.staticNodes',
    type: nodesType,
    fallback: [],
    aliases: ['peer'],
    help: 'nodes to stay connected to; may be given several times',
  }),
  trustedpeers: flag({
    option: 'p2p.trustedNodes',
    type: nodesType,
    fallback: [],
    help: 'nodes that are admitted beyond --maxpeers',
  }),
  netrestrict: flag({
    option: 'p2p.netRestrict',
    type: rangesType,
    fallback: [],
    help: 'restricts connections, both ways, to these IP networks',
  }),
  nodekey: optionalFlag({
    option: 'keyFile',
    type: fileType,
    defaultText: "the data folder's",
    help: 'file that holds the node key',
  }),
  nodekeyhex: optionalFlag({
    option: 'key',
    type: secretKeyType,
    secret: true,
    help: 'node key as 64 hex digits, for tests',
  }),
  identity: flag({
    option: 'identity',
    type: textType('name'),
    fallback: '',
    help: 'custom part of the node name',
  }),
})
