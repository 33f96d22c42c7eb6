/**
 * The interface of message connections (WebSocket, IPC, in process), and the addresses they lead to.
 * @module
 */
import { ConfigError } from '../../base/errors.ts'

/** A connection that carries whole messages, both ways. */
export interface Wire {
  /** Sends a JSON text. Texts of one tick may be joined into one write. Does nothing after the end. */
  send(text: string): void
  /** Bytes sent that have not been written to the socket yet. */
  readonly bufferedBytes: number
  /** Bytes among them that are being written, and that the system has not taken yet. */
  readonly queuedBytes: number
  /** Stops and resumes reading. */
  pause(): void
  resume(): void
  /** Flushes and closes. `reason` is sent where the transport can carry it. */
  close(reason?: string): void
  /** Closes without flushing. */
  destroy(): void
}

/** Receiver of a wire's events. */
export interface WireSink {
  /** Called with each parsed JSON value, and the length of its text. */
  message(value: unknown, length: number): void
  /** Called for bytes that are not JSON. The sink decides whether to go on. */
  parseError(error?: unknown): void
  /** Called when everything sent has been written. */
  drain(): void
  /** Called once, after the last message. */
  end(error?: unknown): void
}

/** A connection that delivers nothing until it is opened with a sink. */
export interface DialedConnection {
  readonly wire: Wire
  open(sink: WireSink): void
}

/** Address to listen at or to dial: `http://host:port`, `ws://host:port`, or the path of a socket. */
export type RpcAddress =
  | { readonly transport: 'http' | 'ws'; readonly secure: boolean; readonly url: URL }
  | { readonly transport: 'ipc'; readonly path: string }

/** Parses an address; a text without a scheme is a path. Throws a ConfigError (`url`). */
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
  return new ConfigError('url', `${JSON.stringify(text)} is not an endpoint address`, {
    hint: 'use http://host:port, https://…, ws://…, wss://…, or the path of a socket',
  })
}
