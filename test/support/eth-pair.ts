/**
 * Two ends of one eth connection over a pipe in memory: two nodes, or a node and a script that plays the remote.
 * @module
 */
import {
  type AnyEthMessages,
  type ChainSource,
  Eth,
  type EthPeer,
  type EthVersion,
  ethMessages,
} from '../../src/ethereum/eth/index.ts'
import {
  type AnyProtocol,
  type Channel,
  defineProtocol,
  type Peer,
  PeerConnection,
  type PeerOptions,
  transportPipe,
} from '../../src/peer/index.ts'

export const NETWORK_ID = 3626026n

type Options = Pick<PeerOptions, 'clock' | 'sendBudgetBytes' | 'receiveBudgetBytes'>

function peerOf(
  transport: ReturnType<typeof transportPipe>[0],
  id: string,
  protocol: AnyProtocol,
  options: Options,
): Peer {
  return new PeerConnection(transport, { id, inbound: false, mounted: [{ protocol, offset: 16 }], ...options })
}

export function protocolOf(eth: Eth, version: EthVersion): AnyProtocol {
  return eth.protocols.find((protocol) => protocol.version === version) as AnyProtocol
}

/** Connects two nodes; resolves when both have passed the handshake. */
export async function joinNodes(left: Eth, right: Eth, version: EthVersion, options: Options = {}) {
  const [a, b] = transportPipe()
  const joined = Promise.all([nextPeer(left), nextPeer(right)])
  const peers = [
    peerOf(a, 'right', protocolOf(left, version), options),
    peerOf(b, 'left', protocolOf(right, version), options),
  ] as const
  const [fromLeft, fromRight] = await joined
  return { fromLeft, fromRight, peers }
}

/** @returns the next peer that passes the handshake. */
export async function nextPeer(eth: Eth): Promise<EthPeer> {
  for await (const event of eth.events()) if (event.type === 'join') return event.peer
  throw new Error('no peer joined')
}

export type Script = (channel: Channel<AnyEthMessages>, peer: Peer) => Promise<void>

/** Connects a node and a script. @returns the node's peer and the script's. */
export function joinScript(eth: Eth, version: EthVersion, script: Script, options: Options = {}) {
  const [a, b] = transportPipe()
  const remote = defineProtocol({
    name: 'eth',
    version,
    messages: ethMessages(version),
    run: (peer, channel) => script(channel as unknown as Channel<AnyEthMessages>, peer),
  })
  return {
    node: peerOf(a, 'script', protocolOf(eth, version), options),
    script: peerOf(b, 'node', remote, options),
  }
}

export function nodeOf(chain: ChainSource, options: Partial<ConstructorParameters<typeof Eth>[0]> = {}): Eth {
  return new Eth({ chain, networkId: NETWORK_ID, ...options })
}

/** @returns a valid Status of a node with this chain. */
export function statusOf(chain: ChainSource, version: EthVersion) {
  const common = { version, networkId: NETWORK_ID, genesisHash: chain.genesisHash, forkId: chain.forkId() }
  const { number, hash, totalDifficulty } = chain.head
  if (version === 68) return { ...common, totalDifficulty, headHash: hash }
  return { ...common, earliest: chain.earliest, latest: number, latestHash: hash }
}

/** Creates a promise that the caller resolves. */
export function deferred<T = void>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve: (value) => resolve(value) }
}

/** @returns a connected peer, or the first one that joins. */
export async function firstPeer(eth: Eth): Promise<EthPeer> {
  for (const peer of eth.peers) return peer
  return nextPeer(eth)
}
