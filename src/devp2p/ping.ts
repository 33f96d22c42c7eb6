/**
 * Knocks at a node's door: RLPx handshake, Hello, one Ping, goodbye.
 * @module
 */
import { type Clock, systemClock } from '../base/clock.ts'
import { type PeerClosedError, TimeoutError } from '../base/errors.ts'
import { NodeKey, parseEnode } from '../identity/index.ts'
import { type Network, tcpNetwork } from '../net/index.ts'
import { formatCapability } from './capabilities.ts'
import { DisconnectReason, decodeDisconnect, disconnected, encodeDisconnect } from './disconnect.ts'
import { BaseCode, type Capability, encodeHello, exchangeHello } from './hello.ts'
import { RlpxTransport } from './rlpx/index.ts'

export interface PingOptions {
  /** Who asks. @default a new key */
  readonly key?: NodeKey
  /** What we say we speak; a node without a common protocol answers Hello and then disconnects. @default eth/69 */
  readonly capabilities?: readonly Capability[]
  /** Milliseconds for each step. @default 5000 */
  readonly timeout?: number
  readonly signal?: AbortSignal
  /** @default tcpNetwork */
  readonly network?: Network
  /** @default systemClock */
  readonly clock?: Clock
}

export interface PingResult {
  readonly clientId: string
  /** `["eth/69", "snap/1"]` */
  readonly capabilities: readonly string[]
  /** Version of the base protocol. */
  readonly version: number
  /** Milliseconds for TCP and RLPx handshake. */
  readonly handshakeLatency: number
  /** Milliseconds from Ping to Pong; absent when the node disconnected instead. */
  readonly latency?: number
  /** Why it disconnected after its Hello, if it did. */
  readonly disconnect?: { readonly reason: number; readonly text: string }
}

const ETH_69: readonly Capability[] = [{ name: 'eth', version: 69 }]

/**
 * Rejects with a `HandshakeError` when nobody answers or the handshake fails, and with a `PeerClosedError` that carries
 * the Disconnect reason when the node refuses before its Hello.
 */
export async function ping(url: string, options: PingOptions = {}): Promise<PingResult> {
  const { clock = systemClock, network = tcpNetwork, key = NodeKey.generate(), timeout = 5_000, signal } = options
  const node = parseEnode(url)
  const begin = clock.now()
  const stream = await network.connect({ host: node.host, port: node.tcpPort }, { signal, timeout })
  const { publicKey: remotePublicKey } = node
  const transport = await RlpxTransport.initiate(stream, {
    key,
    clock,
    signal,
    remotePublicKey,
    handshakeTimeout: timeout,
  })
  const handshakeLatency = clock.now() - begin
  try {
    const capabilities = options.capabilities ?? ETH_69
    const ours = encodeHello('peerloom/ping', capabilities, key.publicKey)
    const hello = await exchangeHello(transport, ours, { remotePublicKey, clock, signal, timeout })
    const { latency, closed } = await pong(transport, clock, timeout, signal)
    return {
      clientId: hello.clientId,
      capabilities: hello.capabilities.map(formatCapability),
      version: hello.version,
      handshakeLatency,
      ...(latency !== undefined && { latency }),
      ...(closed?.disconnectReason !== undefined && {
        disconnect: { reason: closed.disconnectReason, text: closed.message },
      }),
    }
  } finally {
    transport.write(BaseCode.Disconnect, encodeDisconnect(DisconnectReason.Requested))
    await transport.close()
  }
}

interface Pong {
  readonly latency?: number
  readonly closed?: PeerClosedError
}

/** Messages of protocols that come in between, such as a Status, are passed over. */
function pong(transport: RlpxTransport, clock: Clock, timeout: number, signal: AbortSignal | undefined): Promise<Pong> {
  const sent = clock.now()
  return new Promise<Pong>((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const settled = (): void => {
      timer.cancel()
      signal?.removeEventListener('abort', onAbort)
    }
    const done = (result: Pong): void => {
      settled()
      resolve(result)
    }
    const fail = (error: unknown): void => {
      settled()
      reject(error)
    }
    const onAbort = (): void => fail(signal?.reason)
    const timer = clock.setTimer(timeout, () => fail(new TimeoutError('pong', timeout)))
    signal?.addEventListener('abort', onAbort, { once: true })
    transport.open({
      frame(code, payload) {
        if (code === BaseCode.Pong) done({ latency: clock.now() - sent })
        else if (code === BaseCode.Disconnect) done({ closed: disconnected('remote', decodeDisconnect(payload)) })
      },
      drain() {},
      end: () => done({}),
    })
    transport.write(BaseCode.Ping, Uint8Array.of(0xc0))
    transport.resume()
  })
}
