/**
 * devp2p ping: RLPx handshake, Hello exchange, one Ping, Disconnect.
 * @module
 */
import { attempt } from '../base/attempt.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import type { PeerClosedError } from '../base/errors.ts'
import { formatCapability } from './capabilities.ts'
import { decodeDisconnect, disconnected } from './disconnect.ts'
import { GREET_TIMEOUT, type GreetOptions, greet } from './greet.ts'
import { BaseCode } from './hello.ts'
import type { RlpxTransport } from './rlpx/index.ts'

export type PingOptions = GreetOptions

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
  /** Disconnect of the node after its Hello; absent when it answered the Ping. */
  readonly disconnect?: { readonly reason: number; readonly text: string }
}

/**
 * Connects to a node, exchanges Hello and measures one Ping. Rejects with a `HandshakeError` when the connection or the
 * handshake fails, and with a `PeerClosedError` that carries the Disconnect reason when the node refuses before its Hello.
 */
export async function ping(url: string, options: PingOptions = {}): Promise<PingResult> {
  const { clock = systemClock, timeout = GREET_TIMEOUT, signal } = options
  const { hello, handshakeLatency, transport, leave } = await greet(url, { name: 'peerloom/ping', ...options })
  try {
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
    await leave()
  }
}

interface Pong {
  readonly latency?: number
  readonly closed?: PeerClosedError
}

/** Sends a Ping and waits for its Pong; ignores messages of protocols in between, such as a Status. */
function pong(transport: RlpxTransport, clock: Clock, timeout: number, signal: AbortSignal | undefined): Promise<Pong> {
  return attempt<Pong>({ clock, what: 'pong', timeout, signal }, ({ resolve }) => {
    const sent = clock.now()
    transport.open({
      frame(code, payload) {
        if (code === BaseCode.Pong) resolve({ latency: clock.now() - sent })
        else if (code === BaseCode.Disconnect) resolve({ closed: disconnected('remote', decodeDisconnect(payload)) })
      },
      drain() {},
      end: () => resolve({}),
    })
    transport.write(BaseCode.Ping, Uint8Array.of(0xc0))
    transport.resume()
  })
}
