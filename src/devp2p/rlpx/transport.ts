/**
 * RLPx over a stream: frames in and out once the handshake has proven the remote's identity.
 * @see https://github.com/ethereum/devp2p/blob/master/rlpx.md
 * @module
 */
import { systemClock } from '../../base/clock.ts'
import type { ByteStream, Endpoint } from '../../net/index.ts'
import type { Transport } from '../../peer/index.ts'
import { RlpxConnection, type RlpxConnectionOptions } from './connection.ts'
import type { FrameLimits } from './frame-reader.ts'
import { type Handshake, Initiator, Recipient } from './handshake.ts'
import { exchangeHandshake, HANDSHAKE_TIMEOUT } from './handshake-io.ts'

export interface RlpxOptions extends RlpxConnectionOptions {
  /** Our node key, used in the handshake and not kept. The public half is computed when it is left out. */
  readonly key: { readonly privateKey: Uint8Array; readonly publicKey?: Uint8Array }
  /** Cancels the handshake; the promise rejects with the signal's reason. Has no effect afterwards. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds for the whole handshake. @default 5000 */
  readonly handshakeTimeout?: number
}

export interface RlpxInitiateOptions extends RlpxOptions {
  /** Public key that the remote has to prove: 64 bytes. */
  readonly remotePublicKey: Uint8Array
}

/**
 * An encrypted, authenticated connection to one node. Keys are message ids.
 *
 * `pause` holds even within a chunk: after it returns, no frame is delivered until `resume`. `open` may be called again
 * to hand over to another sink, as from the Hello exchange to the peer. After the first error nothing is delivered.
 */
export interface RlpxTransport extends Transport<number> {
  /** Public key of the remote, 64 bytes, proven by the handshake. */
  readonly remotePublicKey: Uint8Array
  readonly local: Endpoint
  readonly remote: Endpoint
  /** Bytes received, the handshake included. */
  readonly bytesIn: number
  /** Bytes handed to the stream, the handshake included. */
  readonly bytesOut: number
  /** Compresses and expects compression from the next message on: call it when the remote's Hello has been read. */
  setSnappy(on: boolean): void
  /** Limits the remote's frames, from the next on. One past a limit ends the connection. @default 16 MiB - 1 each */
  setLimits(limits: FrameLimits): void
  /**
   * Sends a message. Throws `CodecError` `ERR_RLPX_TOO_LARGE`, and sends nothing, when the message has 16 MiB or more,
   * compressed or not. After the end it does nothing and returns true.
   */
  write(code: number, payload: Uint8Array): boolean
}

/**
 * The two ways to an {@link RlpxTransport}. The stream belongs to it from the call on, and is destroyed when it fails.
 */
export const RlpxTransport = {
  /** Dials: proves our identity, and that the remote is the expected node. Rejects with `HandshakeError`. */
  async initiate(stream: ByteStream, options: RlpxInitiateOptions): Promise<RlpxTransport> {
    const { key, remotePublicKey } = options
    const { privateKey, publicKey } = key
    return shakeHands(stream, options, () => new Initiator({ privateKey, publicKey, remotePublicKey }))
  },

  /** Accepts: answers a handshake, and learns the remote's identity from it. Rejects with `HandshakeError`. */
  async accept(stream: ByteStream, options: RlpxOptions): Promise<RlpxTransport> {
    return shakeHands(stream, options, () => new Recipient({ privateKey: options.key.privateKey }))
  },
}

function shakeHands(stream: ByteStream, options: RlpxOptions, begin: () => Handshake): Promise<RlpxTransport> {
  const { clock = systemClock, signal, handshakeTimeout: timeout = HANDSHAKE_TIMEOUT } = options
  let handshake: Handshake
  try {
    handshake = begin()
  } catch (error) {
    stream.destroy(error)
    throw error
  }
  return exchangeHandshake(
    stream,
    handshake,
    { clock, signal, timeout },
    (result) => new RlpxConnection(stream, result, options),
  )
}
