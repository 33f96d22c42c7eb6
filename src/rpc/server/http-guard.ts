/**
 * Who may talk to an endpoint that browsers can reach: by Host, by Origin, by token.
 * @module
 */
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import type { Clock } from '../../base/clock.ts'
import { verifyJwt } from '../wire/jwt.ts'

export interface GuardOptions {
  /** Host names that requests may name, against DNS rebinding; IP addresses always may, `*` is any. @default localhost */
  readonly vhosts?: readonly string[] | undefined
  /** Origins of web pages that may call over HTTP; `*` is any. @default none */
  readonly cors?: readonly string[] | undefined
  /** Origins of web pages that may open a WebSocket; `*` is any. @default pages of this machine */
  readonly origins?: readonly string[] | undefined
  /** Asks every request for a token signed with these 32 bytes. @default nobody is asked */
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
  /** Who calls once calls again. */
  #lastHost: string | undefined

  constructor(options: GuardOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
    this.#vhosts = new Set((options.vhosts ?? ['localhost']).map((host) => host.toLowerCase()))
  }

  /** Why a request is not let in; undefined when it is. */
  check(headers: RequestHeaders): Refusal | undefined {
    if (!this.#acceptsHost(headers.host)) return { status: 403, message: 'invalid host specified' }
    const { jwtSecret } = this.#options
    const message = jwtSecret && verifyJwt(headers.authorization, jwtSecret, this.#clock)
    return message === undefined ? undefined : { status: 401, message }
  }

  /** {@link check}, for one that wants to be a WebSocket. */
  checkWebSocket(headers: RequestHeaders): Refusal | undefined {
    const { origin } = headers
    const allowed = this.#options.origins ?? localOrigins()
    if (origin !== undefined && !allowed.some((pattern) => matchesOrigin(origin, pattern))) {
      return { status: 403, message: 'origin not allowed' }
    }
    return this.check(headers)
  }

  /** The headers that let a page of this origin read the answer. */
  corsHeaders(origin: string | undefined): readonly string[] {
    const { cors } = this.#options
    if (!cors || cors.length === 0) return []
    if (origin === undefined || !cors.some((pattern) => matchesOrigin(origin, pattern))) return ['Vary', 'Origin']
    return ['Vary', 'Origin', 'Access-Control-Allow-Origin', cors.includes('*') ? '*' : origin]
  }

  #acceptsHost(host: string | undefined): boolean {
    if (host !== undefined && host === this.#lastHost) return true
    if (host === undefined || this.#vhosts.has('*')) return true // HTTP/1.0 has no Host, and browsers always do
    const name = host.toLowerCase().replace(/:\d+$/, '')
    const known = this.#vhosts.has(name) || isIP(name.replace(/^\[|\]$/g, '')) !== 0
    if (known) this.#lastHost = host
    return known
  }
}

/** As go-ethereum's defaults (node/rpcstack.go, rpc/websocket.go). */
function localOrigins(): readonly string[] {
  const hosts = ['localhost', hostname().toLowerCase()]
  return hosts.flatMap((host) => [`http://${host}`, `https://${host}`])
}

/** A pattern without a port allows every port; one without a scheme every scheme. */
function matchesOrigin(origin: string, pattern: string): boolean {
  if (pattern === '*') return true
  const [is, may] = [split(origin), split(pattern)]
  if (may.scheme !== '' && may.scheme !== is.scheme) return false
  return may.host === is.host && (may.port === '' || may.port === is.port)
}

function split(origin: string): { readonly scheme: string; readonly host: string; readonly port: string } {
  const [, scheme = '', host = '', port = ''] =
    /^(?:([a-z][a-z0-9+.-]*):\/\/)?(\[[^\]]*\]|[^:/]*)(?::(\d+))?\/?$/.exec(origin.toLowerCase()) ?? []
  return { scheme, host, port }
}

/** The headers that decide what becomes of a request. */
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
 * Of names and values in turn, as Node's `rawHeaders` has them; of several with one name the first, as there. Node would make
 * an object of all of them, which costs a twentieth of a call.
 */
export function readHeaders(raw: readonly string[]): RequestHeaders {
  const headers: RequestHeaders = {}
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase() as keyof RequestHeaders
    if (WANTED.has(name)) headers[name] ??= raw[index + 1]
  }
  return headers
}
