import { type Clock, systemClock } from '../../base/clock.ts'
import { type Logger, silentLogger } from '../../base/log.ts'
import { checkJwtSecret, createJwt } from '../wire/jwt.ts'

export interface RpcClientOptions {
  /** Ends the client. */
  readonly signal?: AbortSignal | undefined
  /** Sent with every HTTP request, and when a WebSocket is opened. */
  readonly headers?: Readonly<Record<string, string>>
  /** The Origin header of a WebSocket. */
  readonly origin?: string | undefined
  /** 32 bytes; each HTTP request, and each opening of a WebSocket, gets a new token signed with them. */
  readonly jwtSecret?: Uint8Array | undefined
  /** Of a call, in milliseconds; Infinity for none. @default 30000 */
  readonly timeout?: number
  /** Of connecting, in milliseconds; go-ethereum's `defaultDialTimeout`. @default 10000 */
  readonly connectTimeout?: number
  /** Characters of what is sent at once; more is refused before it is sent. @default 33554432 */
  readonly maxRequestBytes?: number
  /** Bytes of one answer. @default 134217728 */
  readonly maxResponseBytes?: number
  /** HTTP connections at a time. @default 100 */
  readonly maxConnections?: number
  /** Connect anew when a WebSocket or IPC connection was lost, with a growing wait of 0.25 to 30 s. @default true */
  readonly reconnect?: boolean
  /** @default silentLogger */
  readonly log?: Logger
  /** @default systemClock */
  readonly clock?: Clock
  /** In [0, 1): spreads reconnections. @default Math.random */
  readonly random?: () => number
}

/** The same with its defaults. */
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

/** The headers of one request to `url`: the caller's own, who it is, and a token that is fresh. */
export function headersFor(url: URL, { headers, jwtSecret, clock }: ClientSettings): Record<string, string> {
  const { username, password } = url
  const basic = username && `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return {
    ...(basic && { authorization: `Basic ${Buffer.from(basic).toString('base64')}` }),
    ...(jwtSecret && { authorization: `Bearer ${createJwt(jwtSecret, clock)}` }),
    ...headers,
  }
}
