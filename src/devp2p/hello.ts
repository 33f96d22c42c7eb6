/**
 * Hello exchange: the first message of each side on an RLPx connection (devp2p spec, `p2p` capability, 0x00).
 * @module
 */
import { attempt } from '../base/attempt.ts'
import { equalBytes } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { HandshakeError, type PeerloomError, ProtocolError } from '../base/errors.ts'
import { rlp } from '../codec/index.ts'
import type { Transport } from '../peer/index.ts'
import { DisconnectReason, decodeDisconnect, disconnected } from './disconnect.ts'
import { type FrameLimits, MAX_MESSAGE_BYTES } from './rlpx/index.ts'

/** Codes of the base protocol; those from 4 to 15 are reserved. */
export const BaseCode = { Hello: 0x00, Disconnect: 0x01, Ping: 0x02, Pong: 0x03 } as const
/** Message ids of the base protocol; the first capability begins behind them. */
export const BASE_LENGTH = 16
/** Base protocol version of this side. From 5 on, all messages after Hello are compressed. */
const BASE_VERSION = 5
export const SNAPPY_VERSION = 5
/** Largest Hello accepted, in bytes (go-ethereum's `baseProtocolMaxMsgSize`). */
export const MAX_HELLO_BYTES = 2048
const MAX_CAPABILITIES = 256
/**
 * Limits before Hello. Any node can send a first frame, so it gets less than 16 MiB of memory; but enough for an error that
 * names the size of a too large Hello.
 */
const BEFORE_HELLO: FrameLimits = { frameBytes: 64 * 1024, baseBytes: MAX_HELLO_BYTES }
/** Limits after Hello. Base protocol messages are small; without a limit a ping could decompress to 16 MiB. */
const AFTER_HELLO: FrameLimits = { frameBytes: MAX_MESSAGE_BYTES, baseBytes: MAX_HELLO_BYTES }

export interface Capability {
  readonly name: string
  readonly version: number
}

export interface Hello {
  readonly version: number
  /** Client name, such as `Geth/v1.17.8-stable/linux-amd64/go1.26.8`. */
  readonly clientId: string
  readonly capabilities: readonly Capability[]
  /** Legacy field; senders write 0. */
  readonly listenPort: number
  /** Public key, 64 bytes: must equal the one that the RLPx handshake proved. */
  readonly id: Uint8Array
}

/** Name of any bytes, as in go-ethereum: invalid UTF-8 decodes to U+FFFD instead of an error. */
const name = rlp.mapped(
  rlp.bytes,
  (bytes) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes),
  (text) => new TextEncoder().encode(text),
)

const capability = rlp.struct({ name, version: rlp.number }, { extra: 'ignore' })

/** Hello message. Elements after the fifth are ignored. */
export const helloCodec = rlp.struct(
  {
    version: rlp.number,
    clientId: name,
    capabilities: rlp.list(capability, { max: MAX_CAPABILITIES }),
    listenPort: rlp.number,
    id: rlp.bytes,
  },
  { extra: 'ignore' },
)

export interface HelloOptions {
  /** Public key that the RLPx handshake proved, 64 bytes. */
  readonly remotePublicKey: Uint8Array
  /** Milliseconds for the remote's Hello. @default 5000 */
  readonly timeout?: number
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
}

/** Transport with switchable compression and adjustable limits. */
export interface CompressibleTransport extends Transport<number> {
  setSnappy(on: boolean): void
  setLimits?(limits: FrameLimits): void
}

export const HELLO_TIMEOUT = 5_000

/** Encodes the Hello for {@link exchangeHello}. `id`: this side's public key, 64 bytes. */
export function encodeHello(clientId: string, capabilities: readonly Capability[], id: Uint8Array): Uint8Array {
  return helloCodec.encode({ version: BASE_VERSION, clientId, capabilities: [...capabilities], listenPort: 0, id })
}

/**
 * Sends this side's Hello and reads the remote's. Leaves the transport paused: frames behind the Hello wait for its next
 * owner. Rejects with a `PeerClosedError` when the remote sends Disconnect instead; with a `ProtocolError`, `CodecError`
 * or `TimeoutError` when its Hello is wrong or late.
 */
export async function exchangeHello(
  transport: CompressibleTransport,
  ours: Uint8Array,
  options: HelloOptions,
): Promise<Hello> {
  const first = firstFrame(transport, options)
  transport.write(BaseCode.Hello, ours)
  const theirs = await first
  checkIdentity(theirs, options.remotePublicKey)
  // A copy: kept as long as the peer, it must not keep the message's memory alive.
  const { version, clientId, capabilities, listenPort } = theirs
  return { version, clientId, capabilities: [...capabilities], listenPort, id: options.remotePublicKey }
}

function firstFrame(
  transport: CompressibleTransport,
  { clock, signal, timeout = HELLO_TIMEOUT }: HelloOptions,
): Promise<Hello> {
  return attempt<Hello>({ clock, what: 'hello', timeout, signal }, ({ resolve, fail }) => {
    transport.setLimits?.(BEFORE_HELLO)
    transport.open({
      frame(code, payload) {
        transport.pause() // the frames behind it belong to the peer
        transport.setLimits?.(AFTER_HELLO)
        try {
          const hello = readFirst(code, payload)
          // Compression begins with the very next frame, which may lie in the same chunk.
          if (hello.version >= SNAPPY_VERSION) transport.setSnappy(true)
          resolve(hello)
        } catch (error) {
          fail(error)
        }
      },
      drain() {},
      end: (error) =>
        fail(error ?? new HandshakeError('ERR_HELLO', 'hello', 'remote closed the connection before Hello')),
    })
  })
}

function readFirst(code: number, payload: Uint8Array): Hello {
  if (code === BaseCode.Disconnect) throw disconnected('remote', decodeDisconnect(payload))
  if (code !== BaseCode.Hello) throw bad(DisconnectReason.ProtocolError, `first message has code ${code}, not Hello`)
  if (payload.length > MAX_HELLO_BYTES) throw bad(DisconnectReason.ProtocolError, `Hello of ${payload.length} bytes`)
  return helloCodec.decode(payload)
}

function checkIdentity(hello: Hello, proven: Uint8Array): void {
  if (hello.id.length !== 64 || hello.id.every((byte) => byte === 0)) {
    throw bad(DisconnectReason.InvalidIdentity, 'Hello without a node identity')
  }
  if (!equalBytes(hello.id, proven)) {
    throw bad(DisconnectReason.UnexpectedIdentity, 'Hello identity differs from the RLPx handshake')
  }
}

/** Error without a penalty: only peers have a score, and the redial interval bounds how often a bad Hello comes. */
function bad(disconnectReason: number, message: string): PeerloomError {
  return new ProtocolError('ERR_HELLO', message, { disconnectReason, penalty: 0 })
}
