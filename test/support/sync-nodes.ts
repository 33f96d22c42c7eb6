/**
 * Nodes in one process for tests of the sync: real stores, real eth, pipes for sockets, and peers that misbehave.
 * @module
 */
import { bytesToHex } from '../../src/base/bytes.ts'
import type { Clock } from '../../src/base/clock.ts'
import { rlp } from '../../src/codec/index.ts'
import { keccak256 } from '../../src/crypto/index.ts'
import type { ChainStore, StorableBlock } from '../../src/ethereum/chain/index.ts'
import { expectedBaseFee, expectedExcessBlobGas } from '../../src/ethereum/chain/rules/fees.ts'
import { lazyHeader } from '../../src/ethereum/eth/codecs.ts'
import {
  type AnyEthMessages,
  BlockReceipts,
  Eth,
  type EthBodies,
  type EthRequest,
  type EthVersion,
  ethMessages,
} from '../../src/ethereum/eth/index.ts'
import { accessListsOf, bodiesOf, headersOf, receiptsOf, SERVE_LIMITS } from '../../src/ethereum/eth/serve.ts'
import { BlockBody, EMPTY_ROOT, Header, headerCodec } from '../../src/ethereum/types/index.ts'
import {
  type AnyProtocol,
  type Channel,
  defineProtocol,
  type Message,
  type Peer,
  PeerConnection,
  transportPipe,
} from '../../src/peer/index.ts'

const NETWORK_ID = 3626026n
const EMPTY_LIST = Uint8Array.of(0xc0)
const EMPTY_BODY = Uint8Array.of(0xc3, 0xc0, 0xc0, 0xc0)

export function ethOf(store: ChainStore): Eth {
  return new Eth({ chain: store, networkId: NETWORK_ID })
}

let made = 0

function peerOf(
  transport: ReturnType<typeof transportPipe>[0],
  id: string,
  protocol: AnyProtocol,
  clock?: Clock,
): Peer {
  const mounted = [{ protocol, offset: 16 }]
  return new PeerConnection(transport, { id, inbound: false, mounted, ...(clock && { clock }) })
}

function protocolOf(eth: Eth, version: number): AnyProtocol {
  return eth.protocols.find((protocol) => protocol.version === version)!
}

/** Connects a client and a remote. @returns the client's peer, once it has passed the handshake. */
export async function connect(client: Eth, remote: AnyProtocol, options: { clock?: Clock } = {}): Promise<Peer> {
  const [a, b] = transportPipe()
  const joins = client.events()
  peerOf(b, 'client', remote, options.clock)
  const peer = peerOf(a, `peer-${++made}`, protocolOf(client, remote.version), options.clock)
  for await (const event of joins) if (event.type === 'join' && event.peer.peer === peer) break
  return peer
}

/** Creates a node that serves a store correctly. */
export function honestPeer(store: ChainStore, version: EthVersion = 71): AnyProtocol {
  return protocolOf(ethOf(store), version)
}

/** Record of the requests to the peers that share it. */
export class RequestLog {
  readonly requests: Record<EthRequest, number> = {
    GetBlockHeaders: 0,
    GetBlockBodies: 0,
    GetReceipts: 0,
    GetBlockAccessLists: 0,
  }
  /** Numbers of headers that were sent. */
  readonly headers: number[] = []
  /** Hashes of blocks whose bodies and receipts were sent. */
  readonly bodies: string[] = []
  readonly receipts: string[] = []
}

export interface Replies {
  readonly GetBlockHeaders: readonly Uint8Array[]
  readonly GetBlockBodies: readonly Uint8Array[]
  readonly GetReceipts: readonly Uint8Array[]
  readonly GetBlockAccessLists: readonly (Uint8Array | undefined)[]
}

/** Replacements of correct responses; undefined sends nothing. */
export type ReplyOverrides = {
  readonly [N in EthRequest]?: (
    truth: Replies[N],
    query: EthBodies[N],
    peer: Peer,
  ) => Replies[N] | undefined | Promise<Replies[N] | undefined>
}

export interface ScriptOptions {
  readonly version?: EthVersion
  readonly asked?: RequestLog
  /** Announced range. @default the store's */
  readonly range?: { readonly earliest: number; readonly latest: number }
}

/** Creates a peer that serves a store, except for the replies that are overridden. */
export function scriptedPeer(
  store: ChainStore,
  overrides: ReplyOverrides = {},
  options: ScriptOptions = {},
): AnyProtocol {
  const { version = 71, asked = new RequestLog() } = options
  const protocol = defineProtocol({
    name: 'eth',
    version,
    messages: ethMessages(version),
    async run(peer, table) {
      const channel = table as unknown as Channel<AnyEthMessages>
      channel.send('Status', statusOf(store, options) as EthBodies['Status'])
      for await (const message of channel) {
        const answered = await answer(channel, message, { store, overrides, asked, peer })
        if (!answered) continue
      }
    },
  })
  return protocol as unknown as AnyProtocol
}

interface Scene {
  readonly store: ChainStore
  readonly overrides: ReplyOverrides
  readonly asked: RequestLog
  readonly peer: Peer
}

async function answer(
  channel: Channel<AnyEthMessages>,
  { name, body }: Message<AnyEthMessages>,
  { store, overrides, asked, peer }: Scene,
): Promise<boolean> {
  if (name === 'GetBlockHeaders') {
    asked.requests[name]++
    const truth = headersOf(store, body, SERVE_LIMITS)
    const items = overrides[name] ? await overrides[name](truth, body, peer) : truth
    if (!items) return false
    const headers = items.map((raw) => lazyHeader.decode(raw))
    asked.headers.push(...headers.map((header) => header.value.number))
    channel.send('BlockHeaders', { id: body.id, headers })
  } else if (name === 'GetBlockBodies') {
    asked.requests[name]++
    const truth = bodiesOf(store, body, SERVE_LIMITS)
    const items = overrides[name] ? await overrides[name](truth, body, peer) : truth
    if (!items) return false
    asked.bodies.push(...body.hashes.slice(0, items.length).map(bytesToHex))
    channel.send('BlockBodies', { id: body.id, bodies: items.map((raw) => BlockBody.decode(raw)) })
  } else if (name === 'GetReceipts') {
    asked.requests[name]++
    const truth = receiptsOf(store, body, 71, SERVE_LIMITS).blocks
    const items = overrides[name] ? await overrides[name](truth, body, peer) : truth
    if (!items) return false
    asked.receipts.push(...body.hashes.slice(0, items.length).map(bytesToHex))
    channel.send('Receipts', { id: body.id, lastBlockIncomplete: false, blocks: items.map(BlockReceipts.fromRaw) })
  } else if (name === 'GetBlockAccessLists') {
    asked.requests[name]++
    const truth = accessListsOf(store, body, SERVE_LIMITS)
    const items = overrides[name] ? await overrides[name](truth, body, peer) : truth
    if (!items) return false
    channel.send('BlockAccessLists', { id: body.id, accessLists: items })
  }
  return true
}

function statusOf(store: ChainStore, { version = 71, range }: ScriptOptions) {
  const common = { version, networkId: NETWORK_ID, genesisHash: store.genesisHash, forkId: store.forkId() }
  const { number, hash, totalDifficulty } = store.head
  if (version === 68) return { ...common, totalDifficulty, headHash: hash }
  return { ...common, earliest: store.earliest, latest: number, latestHash: hash, ...range }
}

/** Creates valid empty blocks on top of `parent`; another `salt` gives other hashes. */
export function emptyBlocks(store: ChainStore, parent: Header, count: number, salt = 1): StorableBlock[] {
  const blocks: StorableBlock[] = []
  for (let tip = parent; blocks.length < count; ) {
    tip = Header.from(emptyHeader(store, tip, salt))
    const accessList = tip.blockAccessListHash ? EMPTY_LIST : undefined
    blocks.push({ header: tip, body: EMPTY_BODY, receipts: EMPTY_LIST, accessList })
  }
  return blocks
}

function emptyHeader(store: ChainStore, parent: Header, salt: number) {
  const number = parent.number + 1
  const timestamp = parent.timestamp + 1
  return {
    ...parent,
    parentHash: parent.hash,
    transactionsRoot: EMPTY_ROOT,
    receiptsRoot: EMPTY_ROOT,
    withdrawalsRoot: EMPTY_ROOT,
    logsBloom: new Uint8Array(256),
    number,
    timestamp,
    gasUsed: 0n,
    extraData: Uint8Array.of(salt),
    baseFeePerGas: expectedBaseFee(store.chainConfig, parent),
    blobGasUsed: parent.blobGasUsed === undefined ? undefined : 0n,
    excessBlobGas:
      parent.excessBlobGas === undefined
        ? undefined
        : expectedExcessBlobGas(store.chainConfig, parent, number, timestamp),
    blockAccessListHash: parent.blockAccessListHash && keccak256(EMPTY_LIST),
    slotNumber: parent.slotNumber === undefined ? undefined : parent.slotNumber + 1n,
  }
}

/** @returns a header with other fields, and so with another hash. */
export function altered(raw: Uint8Array, fields: Partial<Header>): Uint8Array {
  return headerCodec.encode(Header.from({ ...Header.decode(raw), ...fields }))
}

/** @returns a body with another first list, and so with another root. */
export function alteredBody(raw: Uint8Array): Uint8Array {
  const [, ommers, withdrawals] = BlockBody.decode(raw).lists
  const lists = [Uint8Array.of(0xc2, 0xc1, 0x80), ommers!]
  return rlp.encodeListOfRaw(withdrawals ? [...lists, withdrawals] : lists)
}
