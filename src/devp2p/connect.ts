/**
 * Set-up of one connection: RLPx handshake, checkpoint 1, Hello exchange, checkpoint 2. On any failure the stream is closed,
 * after a Disconnect if the remote can read one.
 * @module
 */
import { bytesToHex } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { keccak256 } from '../crypto/index.ts'
import type { NodeKey } from '../identity/index.ts'
import type { ByteStream } from '../net/index.ts'
import type { AnyProtocol, Mounted } from '../peer/index.ts'
import { matchProtocols } from './capabilities.ts'
import { disconnectReasonOf, encodeDisconnect } from './disconnect.ts'
import { BaseCode, exchangeHello, type Hello } from './hello.ts'
import { RlpxTransport } from './rlpx/index.ts'

export interface SetUpConnectionOptions<P> {
  readonly key: NodeKey
  /** This side's Hello, encoded. */
  readonly hello: Uint8Array
  readonly protocols: readonly AnyProtocol[]
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
  /** Public key of the dialed node, 64 bytes; undefined for inbound connections. */
  readonly remotePublicKey?: Uint8Array | undefined
  /** Checkpoint 1: throws when this identity (64 hex digits) may not connect. */
  readonly checkIdentity: (id: string) => void
  /**
   * Checkpoint 2: makes the connection a peer, or throws when it may not become one. Called at most once, last, and
   * synchronous: no other connection can take the slot between the decision and the peer.
   */
  readonly admit: (connection: Connection) => P
}

export interface Connection {
  /** 64 hex digits. */
  readonly id: string
  readonly transport: RlpxTransport
  readonly hello: Hello
  readonly mounted: readonly Mounted[]
}

/** Milliseconds to wait for a remote that does not read its Disconnect. */
const DISCONNECT_TIMEOUT = 1_000

/** Sets a connection up and returns the result of `admit`, which gets a paused transport for the peer to resume. */
export async function setUpConnection<P>(stream: ByteStream, options: SetUpConnectionOptions<P>): Promise<P> {
  const { key, clock, signal, remotePublicKey } = options
  const transport = remotePublicKey
    ? await RlpxTransport.initiate(stream, { key, clock, signal, remotePublicKey })
    : await RlpxTransport.accept(stream, { key, clock, signal })
  try {
    const id = bytesToHex(keccak256(transport.remotePublicKey))
    options.checkIdentity(id)
    const hello = await exchangeHello(transport, options.hello, {
      clock,
      signal,
      remotePublicKey: transport.remotePublicKey,
    })
    const mounted = matchProtocols(options.protocols, hello.capabilities)
    return options.admit({ id, transport, hello, mounted })
  } catch (error) {
    await sendDisconnect(transport, disconnectReasonOf(error), clock)
    throw error
  }
}

/** Sends a Disconnect and closes. Never rejects. */
export async function sendDisconnect(transport: RlpxTransport, reason: number, clock: Clock): Promise<void> {
  transport.write(BaseCode.Disconnect, encodeDisconnect(reason))
  const timer = clock.setTimer(DISCONNECT_TIMEOUT, () => transport.destroy(), { ref: true })
  await transport.close()
  timer.cancel()
}
