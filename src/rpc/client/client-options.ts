import { type Clock, systemClock } from '../../base/clock.ts'
import { type Logger, silentLogger } from '../../base/log.ts'
import { checkJwtSecret, createJwt } from '../wire/jwt.ts'

export interface RpcClientOptions {
  /** Closes the client. */
  readonly signal?: AbortSignal | undefined
  /** Headers of every HTTP request, and of the WebSocket handshake. */
  readonly headers?: Readonly<Record<string, string>>
  /** Origin header of the WebSocket handshake. */
  readonly origin?: string | undefined
  /** Secret of 32 bytes. Each HTTP request and each WebSocket handshake carries a new token signed with it. */
  readonly jwtSecret?: Uint8Array | undefined
  /** Time for a call, in milliseconds; Infinity for no limit. @default 30000 */
  readonly timeout?: number
  /** Time to connect, in milliseconds; go-ethereum's `defaultDialTimeout`. @default 10000 */
  readonly connectTimeout?: number
  /** Characters of one request; a longer one rejects without being sent. @default 33554432 */
  readonly maxRequestBytes?: number
  /** Size of one response. @default 134217728 */
  readonly maxResponseBytes?: number
  /** Number of HTTP connections. @default 100 */
  readonly maxConnections?: number
  /** Reconnects when a WebSocket or IPC connection is lost, with a back-off from 0.25 to 30 s. @default true */
  readonly reconnect?: boolean
  /** @default silentLogger */
  readonly log?: Logger
  /** @default systemClock */
  readonly clock?: Clock
  /** Source of numbers in [0, 1), for the jitter of the back-off. @default Math.random */
  readonly random?: () => number
}

/** Options with their defaults filled in. */
export type ClientSettings = ReturnType<typeof withDefaults>

export function withDefaults(options: RpcClientOptions) {
  if (options.jwtSecret) checkJwtSecret(options.jwtSecret)
  return {
    headers: options.headers ?? {},
    origin: options.origin,
    jwtSecret: options.jwtSecret,
    timeout: options.timeout ?? 30_000,
    connectTimeout: options.connectTimeout ?? 10_000,
    maxRequestBytes: options.maxRequestBytes ?? 32 * 1024 * 1024,
    maxResponseBytes: options.maxResponseBytes ?? 128 * 1024 * 1024,
    maxConnections: options.maxConnections ?? 100,
    reconnect: options.reconnect ?? true,
    log: options.log ?? silentLogger,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  }
}

/** @returns the headers of one request to `url`: Basic authentication from the URL, a new token, and the configured ones */
export function headersFor(url: URL, { headers, jwtSecret, clock }: ClientSettings): Record<string, string> {
  const { username, password } = url
  const basic = username && `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return {
    ...(basic && { authorization: `Basic ${Buffer.from(basic).toString('base64')}` }),
    ...(jwtSecret && { authorization: `Bearer ${createJwt(jwtSecret, clock)}` }),
    ...headers,
  }
}
