/**
 * Hello exchange with one node without a server: RLPx handshake and both Hellos, no protocol.
 * @module
 */
import { type Clock, systemClock } from '../base/clock.ts'
import { NodeKey, parseEnode } from '../identity/index.ts'
import { type Network, tcpNetwork } from '../net/index.ts'
import { sendDisconnect } from './connect.ts'
import { DisconnectReason } from './disconnect.ts'
import { type Capability, encodeHello, exchangeHello, type Hello } from './hello.ts'
import { RlpxTransport } from './rlpx/index.ts'

export interface GreetOptions {
  /** Identity of this side. @default a new key */
  readonly key?: NodeKey
  /** Client name in Hello. @default 'peerloom' */
  readonly name?: string
  /** Capabilities in Hello; a node without a common protocol answers Hello and then disconnects. @default eth/69 */
  readonly capabilities?: readonly Capability[]
  /** Milliseconds for each step. @default 5000 */
  readonly timeout?: number
  readonly signal?: AbortSignal
  /** @default tcpNetwork */
  readonly network?: Network
  /** @default systemClock */
  readonly clock?: Clock
}

export interface Greeting {
  readonly hello: Hello
  /** Milliseconds for TCP and RLPx handshake. */
  readonly handshakeLatency: number
  /** Paused transport that holds the frames behind the Hello: open it, and resume, to go on. */
  readonly transport: RlpxTransport
  /** Sends a Disconnect and closes. Never rejects. @default DisconnectReason.Requested */
  leave(reason?: number): Promise<void>
}

export const GREET_TIMEOUT = 5_000
const ETH_69: readonly Capability[] = [{ name: 'eth', version: 69 }]

/**
 * Connects to a node and exchanges Hello, for crawlers and other programs that need no peer: the node sees a connection
 * that offers its protocols and sends no message of theirs. A `Server` makes peers. Rejects with a `HandshakeError` when
 * the connection or the handshake fails, and with a `PeerClosedError` that carries the Disconnect reason when the node
 * refuses before its Hello.
 */
export async function greet(url: string, options: GreetOptions = {}): Promise<Greeting> {
  const { clock = systemClock, network = tcpNetwork, key = NodeKey.generate(), timeout = GREET_TIMEOUT } = options
  const { name = 'peerloom', capabilities = ETH_69, signal } = options
  const { host, tcpPort: port, publicKey: remotePublicKey } = parseEnode(url)
  const begin = clock.now()
  const stream = await network.connect({ host, port }, { signal, timeout })
  const handshake = { key, clock, signal, remotePublicKey, handshakeTimeout: timeout }
  const transport = await RlpxTransport.initiate(stream, handshake)
  const handshakeLatency = clock.now() - begin
  const leave = (reason: number = DisconnectReason.Requested): Promise<void> => sendDisconnect(transport, reason, clock)
  try {
    const ours = encodeHello(name, capabilities, key.publicKey)
    const hello = await exchangeHello(transport, ours, { remotePublicKey, clock, signal, timeout })
    return { hello, handshakeLatency, transport, leave }
  } catch (error) {
    await leave()
    throw error
  }
}
