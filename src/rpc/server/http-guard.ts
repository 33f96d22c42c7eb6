/**
 * Access control of HTTP and WebSocket endpoints: by Host, by Origin, by token.
 * @module
 */
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import type { Clock } from '../../base/clock.ts'
import { verifyJwt } from '../wire/jwt.ts'

export interface GuardOptions {
  /**
   * Accepted values of the Host header, against DNS rebinding; `*` accepts any, IP addresses are always accepted.
   * @default localhost
   */
  readonly vhosts?: readonly string[] | undefined
  /** Origins of web pages that may call over HTTP; `*` accepts any. @default none */
  readonly cors?: readonly string[] | undefined
  /** Origins of web pages that may open a WebSocket; `*` accepts any. @default pages of this machine */
  readonly origins?: readonly string[] | undefined
  /** Secret of 32 bytes; every request needs a token signed with it. @default no authentication */
  readonly jwtSecret?: Uint8Array | undefined
}

export interface Refusal {
  readonly status: 401 | 403
  readonly message: string
}

export class HttpGuard {
  readonly #options: GuardOptions
  readonly #clock: Clock
  readonly #vhosts: ReadonlySet<string>
  /** Host header accepted last, to skip the check for the next request of the same caller. */
  #lastHost: string | undefined

  constructor(options: GuardOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
    this.#vhosts = new Set((options.vhosts ?? ['localhost']).map((host) => host.toLowerCase()))
  }

  /** Checks Host and token. @returns the refusal, undefined when the request is accepted */
  check(headers: RequestHeaders): Refusal | undefined {
    if (!this.#acceptsHost(headers.host)) return { status: 403, message: 'invalid host specified' }
    const { jwtSecret } = this.#options
    const message = jwtSecret && verifyJwt(headers.authorization, jwtSecret, this.#clock)
    return message === undefined ? undefined : { status: 401, message }
  }

  /** Checks the Origin of a WebSocket upgrade, then as {@link check}. */
  checkWebSocket(headers: RequestHeaders): Refusal | undefined {
    const { origin } = headers
    const allowed = this.#options.origins ?? localOrigins()
    if (origin !== undefined && !allowed.some((pattern) => matchesOrigin(origin, pattern))) {
      return { status: 403, message: 'origin not allowed' }
    }
    return this.check(headers)
  }

  /** @returns the headers that let a page of this origin read the response, names and values in turn */
  corsHeaders(origin: string | undefined): readonly string[] {
    const { cors } = this.#options
    if (!cors || cors.length === 0) return []
    if (origin === undefined || !cors.some((pattern) => matchesOrigin(origin, pattern))) return ['Vary', 'Origin']
    return ['Vary', 'Origin', 'Access-Control-Allow-Origin', cors.includes('*') ? '*' : origin]
  }

  #acceptsHost(host: string | undefined): boolean {
    if (host !== undefined && host === this.#lastHost) return true
    if (host === undefined || this.#vhosts.has('*')) return true // HTTP/1.0 has no Host; browsers always send one
    const name = host.toLowerCase().replace(/:\d+$/, '')
    const known = this.#vhosts.has(name) || isIP(name.replace(/^\[|\]$/g, '')) !== 0
    if (known) this.#lastHost = host
    return known
  }
}

/** go-ethereum's defaults (node/rpcstack.go, rpc/websocket.go). */
function localOrigins(): readonly string[] {
  const hosts = ['localhost', hostname().toLowerCase()]
  return hosts.flatMap((host) => [`http://${host}`, `https://${host}`])
}

/** Matches an origin; a pattern without a port accepts every port, one without a scheme every scheme. */
function matchesOrigin(origin: string, pattern: string): boolean {
  if (pattern === '*') return true
  const [actual, wanted] = [split(origin), split(pattern)]
  if (wanted.scheme !== '' && wanted.scheme !== actual.scheme) return false
  return wanted.host === actual.host && (wanted.port === '' || wanted.port === actual.port)
}

function split(origin: string): { readonly scheme: string; readonly host: string; readonly port: string } {
  const [, scheme = '', host = '', port = ''] =
    /^(?:([a-z][a-z0-9+.-]*):\/\/)?(\[[^\]]*\]|[^:/]*)(?::(\d+))?\/?$/.exec(origin.toLowerCase()) ?? []
  return { scheme, host, port }
}

/** Headers that the endpoint and the guard look at. */
export interface RequestHeaders {
  host?: string | undefined
  origin?: string | undefined
  authorization?: string | undefined
  'content-type'?: string | undefined
  'content-length'?: string | undefined
  'accept-encoding'?: string | undefined
}

const WANTED: ReadonlySet<string> = new Set<keyof RequestHeaders>([
  'host',
  'origin',
  'authorization',
  'content-type',
  'content-length',
  'accept-encoding',
])

/**
 * Picks headers from Node's `rawHeaders`, names and values in turn; the first of each name counts. Node's `headers` would
 * build an object of all of them, which takes a twentieth of a call.
 */
export function readHeaders(raw: readonly string[]): RequestHeaders {
  const headers: RequestHeaders = {}
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase() as keyof RequestHeaders
    if (WANTED.has(name)) headers[name] ??= raw[index + 1]
  }
  return headers
}
