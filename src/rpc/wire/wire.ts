/**
 * What a session writes to and reads from: a WebSocket, an IPC connection or the other half of a pair in this process.
 * @module
 */
import { ConfigError } from '../../base/errors.ts'

/** Carries whole messages, both ways. */
export interface Wire {
  /** Sends a JSON text; what is sent in one tick may leave in one write. After the end it does nothing. */
  send(text: string): void
  /** Bytes sent that have not left yet. */
  readonly bufferedBytes: number
  /** Those of them that are being sent right now, and which the system has not taken yet. */
  readonly queuedBytes: number
  /** Stops and resumes reading. */
  pause(): void
  resume(): void
  /** Flushes and closes. `reason` reaches the other side where the transport has a way to say it. */
  close(reason?: string): void
  /** Closes at once. */
  destroy(): void
}

/** Where a wire pushes what happens. */
export interface WireSink {
  /** A parsed JSON value; `length` is that of its text. */
  message(value: unknown, length: number): void
  /** Something came that is no JSON. The sink decides whether to go on. */
  parseError(error?: unknown): void
  /** All that was sent has left. */
  drain(): void
  /** Nothing comes any more. Called once. */
  end(error?: unknown): void
}

/** A connection that delivers nothing until it is given a sink. */
export interface DialedConnection {
  readonly wire: Wire
  open(sink: WireSink): void
}

/** Where an endpoint is, for who listens and for who dials: `http://host:port`, `ws://host:port`, or a path. */
export type RpcAddress =
  | { readonly transport: 'http' | 'ws'; readonly secure: boolean; readonly url: URL }
  | { readonly transport: 'ipc'; readonly path: string }

/** Throws a ConfigError (`url`). A text without a scheme is a path. */
export function parseRpcAddress(text: string): RpcAddress {
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\//.exec(text)?.[1]?.toLowerCase()
  if (text === '' || /^[\w.-]+:\d+$/.test(text)) throw badUrl(text)
  if (scheme === undefined) return { transport: 'ipc', path: text }
  if (scheme === 'file' || scheme === 'ipc') return { transport: 'ipc', path: text.slice(text.indexOf('://') + 3) }
  const url = URL.canParse(text) ? new URL(text) : undefined
  const transport =
    scheme === 'http' || scheme === 'https' ? 'http' : scheme === 'ws' || scheme === 'wss' ? 'ws' : undefined
  if (!url?.hostname || !transport || !decodable(url.username) || !decodable(url.password)) throw badUrl(text)
  return { transport, secure: scheme === 'https' || scheme === 'wss', url }
}

function decodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

function badUrl(text: string): ConfigError {
  return new ConfigError('url', `${JSON.stringify(text)} is no endpoint`, {
    hint: 'http://host:port, https://…, ws://…, wss://…, or the path of a socket',
  })
}
