/**
 * The Hello exchange: the first message each side sends on an RLPx connection (devp2p spec, `p2p` capability, 0x00).
 * @module
 */
import { equalBytes } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { HandshakeError, type PeerloomError, ProtocolError, TimeoutError } from '../base/errors.ts'
import { rlp } from '../codec/index.ts'
import type { Transport } from '../peer/index.ts'
import { DisconnectReason, decodeDisconnect, disconnected } from './disconnect.ts'
import { type FrameLimits, MAX_MESSAGE_BYTES } from './rlpx/index.ts'

/** Codes of the base protocol; those from 4 to 15 are reserved. */
export const BaseCode = { Hello: 0x00, Disconnect: 0x01, Ping: 0x02, Pong: 0x03 } as const
/** Message ids the base protocol takes; the first capability begins here. */
export const BASE_LENGTH = 16
/** Version of the base protocol we speak. From 5 on, everything after Hello is compressed. */
const BASE_VERSION = 5
export const SNAPPY_VERSION = 5
/** Largest Hello accepted, in bytes (go-ethereum's `baseProtocolMaxMsgSize`). */
export const MAX_HELLO_BYTES = 2048
const MAX_CAPABILITIES = 256
/**
 * Anybody can send a first frame, so it is not given 16 MiB of memory; but room enough to be told what is wrong with a
 * Hello that is too large.
 */
const BEFORE_HELLO: FrameLimits = { frameBytes: 64 * 1024, baseBytes: MAX_HELLO_BYTES }
/** Nothing of the base protocol is large. Without a limit, pings that unpack to 16 MiB each would cost nothing but us. */
const AFTER_HELLO: FrameLimits = { frameBytes: MAX_MESSAGE_BYTES, baseBytes: MAX_HELLO_BYTES }

export interface Capability {
  readonly name: string
  readonly version: number
}

export interface Hello {
  readonly version: number
  /** What the remote calls itself, such as `Geth/v1.17.8-stable/linux-amd64/go1.26.8`. */
  readonly clientId: string
  readonly capabilities: readonly Capability[]
  /** Legacy; 0. */
  readonly listenPort: number
  /** 64 bytes: must be the identity that the RLPx handshake proved. */
  readonly id: Uint8Array
}

/** go-ethereum takes any bytes for a name; what is not UTF-8 in it is shown as U+FFFD, and costs nobody the connection. */
const name = rlp.mapped(
  rlp.bytes,
  (bytes) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes),
  (text) => new TextEncoder().encode(text),
)

const capability = rlp.struct({ name, version: rlp.number }, { extra: 'ignore' })

/** Elements after the fifth are ignored. */
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
  /** The 64 bytes that the RLPx handshake proved. */
  readonly remotePublicKey: Uint8Array
  /** Milliseconds for the remote's Hello. @default 5000 */
  readonly timeout?: number
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
}

/** A transport that can be told that both sides compress from now on, and how much may come. */
export interface CompressibleTransport extends Transport<number> {
  setSnappy(on: boolean): void
  setLimits?(limits: FrameLimits): void
}

export const HELLO_TIMEOUT = 5_000

/** Our Hello, as {@link exchangeHello} sends it. `id` is our public key: 64 bytes. */
export function encodeHello(clientId: string, capabilities: readonly Capability[], id: Uint8Array): Uint8Array {
  return helloCodec.encode({ version: BASE_VERSION, clientId, capabilities: [...capabilities], listenPort: 0, id })
}

/**
 * Sends our Hello and reads theirs. The transport is left paused: what comes behind the Hello waits for its next owner.
 * Rejects with a `PeerClosedError` when the remote disconnects instead, else with what is wrong with its Hello.
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
  // What is kept as long as the peer refers to no message, and is no larger than it has to be.
  const { version, clientId, capabilities, listenPort } = theirs
  return { version, clientId, capabilities: [...capabilities], listenPort, id: options.remotePublicKey }
}

function firstFrame(
  transport: CompressibleTransport,
  { clock, signal, timeout = HELLO_TIMEOUT }: HelloOptions,
): Promise<Hello> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      settled()
      reject(error)
    }
    if (signal?.aborted) return reject(signal.reason)
    const onAbort = (): void => fail(signal?.reason)
    const timer = clock.setTimer(timeout, () => fail(new TimeoutError('hello', timeout)))
    let over = false
    const settled = (): void => {
      over = true
      timer.cancel()
      signal?.removeEventListener('abort', onAbort)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    transport.setLimits?.(BEFORE_HELLO)
    transport.open({
      frame(code, payload) {
        transport.pause() // the frames behind it belong to the peer
        transport.setLimits?.(AFTER_HELLO)
        try {
          const hello = readFirst(code, payload)
          // Compression begins with the very next frame, which may lie in the same chunk.
          if (hello.version >= SNAPPY_VERSION) transport.setSnappy(true)
          settled()
          resolve(hello)
        } catch (error) {
          fail(error)
        }
      },
      drain() {},
      end(error) {
        if (over) return // a connection that nobody took over has been closed
        fail(error ?? new HandshakeError('ERR_HELLO', 'hello', 'remote closed the connection before its Hello'))
      },
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
    throw bad(DisconnectReason.UnexpectedIdentity, 'Hello names another node than the handshake proved')
  }
}

/** No penalty: only peers have a score, and the dial history bounds how often a bad Hello comes. */
function bad(disconnectReason: number, message: string): PeerloomError {
  return new ProtocolError('ERR_HELLO', message, { disconnectReason, penalty: 0 })
}
