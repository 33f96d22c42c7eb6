/**
 * A TCP port that serves JSON-RPC over HTTP, over WebSocket, or both.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { Clock } from '../../base/clock.ts'
import { ConfigError } from '../../base/errors.ts'
import type { Logger } from '../../base/log.ts'
import { formatEndpoint } from '../../net/index.ts'
import type { RequestHandler } from '../session/request-handler.ts'
import type { ServerLimits } from '../session/server-limits.ts'
import { CLOSE_TIMEOUT, Session } from '../session/session.ts'
import { MAX_VALUES } from '../wire/parse-json.ts'
import { WsWire } from '../wire/ws-wire.ts'
import { HttpCall, refuse, validateRequest } from './http-call.ts'
import { type GuardOptions, HttpGuard, type Refusal, readHeaders } from './http-guard.ts'
import { IdleSockets } from './idle-sockets.ts'
import { refuseUpgrade, reinject, UNSUPPORTED, type Upgrade, type UpgradePolicy, upgradePolicy } from './upgrade.ts'

/** go-ethereum's `wsDefaultReadLimit` (rpc/websocket.go). */
export const MAX_WS_MESSAGE_BYTES = 32 * 1024 * 1024
/** go-ethereum's `DefaultHTTPTimeouts` (rpc/http.go), in milliseconds. */
export const READ_TIMEOUT = 30_000
const IDLE_TIMEOUT = 120_000
/** Number of connections of one port: each may hold a body of {@link MAX_BODY_BYTES}. */
const MAX_CONNECTIONS = 4_096

/** Service of one of the two transports of a port. */
export interface PortService {
  readonly handler: RequestHandler
  readonly guard: GuardOptions
  /** Path of requests: `/`, a prefix without a trailing slash, or `/*` for any. */
  readonly path: string
}

export interface HttpEndpointOptions {
  readonly host: string
  readonly port: number
  readonly maxBodyBytes: number
  /** Time in which a request must arrive with its body, in milliseconds. */
  readonly readTimeout: number
  /** Time for a call of the client, in milliseconds. */
  readonly timeout: number
  readonly limits: ServerLimits
  readonly clock: Clock
  readonly log: Logger
  /** Treatment of an upgrade that is ignored. @default by the version of Node */
  readonly upgradePolicy?: UpgradePolicy
}

export class HttpEndpoint {
  readonly #options: HttpEndpointOptions
  readonly #server: Server
  /** BOUNDED: by the connections of the port. */
  readonly #sessions = new Set<Session>()
  /**
   * Sockets taken over by an upgrade, which the HTTP server does not count as its own. BOUNDED: by the connections of the
   * port.
   */
  readonly #upgraded = new Set<Duplex>()
  readonly #upgrader = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_WS_MESSAGE_BYTES,
    autoPong: false, // the wire sends them
  })
  readonly #idle: IdleSockets
  #http: (PortService & { readonly access: HttpGuard }) | undefined
  #ws: (PortService & { readonly access: HttpGuard }) | undefined

  private constructor(options: HttpEndpointOptions) {
    this.#options = options
    this.#server = createServer({
      headersTimeout: options.readTimeout,
      requestTimeout: options.readTimeout,
      keepAliveTimeout: 0, // replaced by #idle
      connectionsCheckingInterval: 1_000,
      noDelay: true,
    })
    this.#idle = new IdleSockets(options.clock, IDLE_TIMEOUT)
    this.#server.on('connection', (socket) => this.#idle.add(socket))
    this.#server.maxConnections = MAX_CONNECTIONS
    this.#server.on('request', (request, response) => this.#request(request, response))
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
    this.#server.on('checkContinue', (request, response) => this.#continue(request, response))
  }

  /** Rejects with a ConfigError (`port`, `host`) when the address cannot be used. */
  static async listen(options: HttpEndpointOptions): Promise<HttpEndpoint> {
    const endpoint = new HttpEndpoint(options)
    const { host, port, log } = options
    await new Promise<void>((resolve, reject) => {
      endpoint.#server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(error, host, port)))
      endpoint.#server.listen({ host, port, backlog: 511 }, resolve)
    })
    endpoint.#server.removeAllListeners('error')
    endpoint.#server.on('error', (error) => log.warn('Accept failed', { error }))
    return endpoint
  }

  get host(): string {
    return (this.#server.address() as AddressInfo).address
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get serves(): { readonly http: boolean; readonly ws: boolean } {
    return { http: this.#http !== undefined, ws: this.#ws !== undefined }
  }

  /** Starts to serve one of the two transports. */
  set(transport: 'http' | 'ws', service: PortService): void {
    const { clock } = this.#options
    const entry = { ...service, access: new HttpGuard(service.guard, clock) }
    if (transport === 'http') this.#http = entry
    else this.#ws = entry
  }

  /** Stops serving one of the two transports; the port stays open. Waits up to `grace` milliseconds for calls in flight. */
  async stop(transport: 'http' | 'ws', grace: number): Promise<void> {
    if (transport === 'http') this.#http = undefined
    else {
      this.#ws = undefined
      await Promise.all([...this.#sessions].map((session) => session.finish(grace, 'endpoint closing')))
    }
  }

  /** Closes the port. Waits up to `grace` milliseconds for calls in flight. */
  async close(grace: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const session of this.#sessions) void session.finish(grace, 'server closing')
    this.#server.closeIdleConnections()
    const timer = this.#options.clock.setTimer(grace + CLOSE_TIMEOUT, () => {
      this.#server.closeAllConnections()
      for (const client of this.#upgraded) client.destroy()
    })
    await closed
    timer.cancel()
  }

  // --- HTTP -----------------------------------------------------------------------------------

  #request(request: IncomingMessage, response: ServerResponse): void {
    const { method, url } = request
    if (method === 'GET' && url === '/health') return this.#health(response)
    const http = this.#http
    if (!http) return refuse(response, 404, 'only WebSocket is served at this port')
    if (!matchesPath(url, http.path)) return refuse(response, 404, `not found, requests go to ${http.path}`)
    const headers = readHeaders(request.rawHeaders)
    const refusal = http.access.check(headers)
    if (refusal) return refuse(response, refusal.status, refusal.message)
    const extraHeaders = http.access.corsHeaders(headers.origin)
    if (method === 'OPTIONS') return preflight(response, extraHeaders)
    if (method === 'GET' && !headers['content-length']) return void response.writeHead(200).end()
    const { maxBodyBytes, clock, log, limits } = this.#options
    const invalid = validateRequest(method, headers, maxBodyBytes)
    if (invalid) return refuse(response, ...invalid, extraHeaders)
    const acceptsGzip = headers['accept-encoding']?.includes('gzip') ?? false
    const { handler } = http
    new HttpCall(request, response, { handler, limits, clock, log, maxBodyBytes, acceptsGzip, extraHeaders })
  }

  /** Refuses a request before its body is sent, if the head is enough to. */
  #continue(request: IncomingMessage, response: ServerResponse): void {
    const invalid = validateRequest(request.method, readHeaders(request.rawHeaders), this.#options.maxBodyBytes)
    if (invalid) return refuse(response, ...invalid)
    response.writeContinue()
    this.#request(request, response)
  }

  #health(response: ServerResponse): void {
    const body = JSON.stringify({ ok: true })
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body)
  }

  // --- WebSocket ------------------------------------------------------------------------------

  #ignoreUpgrade(upgrade: Upgrade): void {
    const { upgradePolicy: policy = upgradePolicy(process.versions.node) } = this.#options
    if (policy === 'reinject') reinject(this.#server, upgrade, this.#upgraded)
    else refuseUpgrade(upgrade.socket, UNSUPPORTED)
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') return this.#ignoreUpgrade({ request, socket, head })
    socket.on('error', () => socket.destroy())
    this.#upgraded.add(socket)
    this.#idle.remove(request.socket)
    socket.on('close', () => this.#upgraded.delete(socket))
    const ws = this.#ws
    const refusal: Refusal | undefined =
      ws && matchesPath(request.url, ws.path)
        ? ws.access.checkWebSocket(request.headers)
        : { status: 403, message: 'WebSocket is not served here' }
    if (!ws || refusal) return refuseUpgrade(socket, refusal as Refusal)
    const { handler } = ws
    this.#upgrader.handleUpgrade(request, socket, head, (client) => {
      const { clock, log, limits, timeout } = this.#options
      const wire = new WsWire(client, socket, { clock, maxValues: MAX_VALUES })
      const session: Session = new Session({
        wire,
        handler,
        clock,
        log,
        limits,
        timeout,
        remote: remoteOf(request),
        onEnd: () => this.#sessions.delete(session),
      })
      this.#sessions.add(session)
      wire.open(session)
    })
  }
}

/** go-ethereum's `checkPath` (node/rpcstack.go). @returns true when the URL lies at or below `path` */
function matchesPath(url = '', path: string): boolean {
  if (url === path) return true
  const asked = url.split('?', 1)[0] as string
  return asked === path || path === '/*' || (path === '/' ? asked === '' : asked.startsWith(`${path}/`))
}

function remoteOf({ headers, socket }: IncomingMessage) {
  const address = formatEndpoint(socket.remoteAddress ?? '', socket.remotePort ?? 0)
  return { transport: 'ws', address, userAgent: headers['user-agent'], origin: headers.origin } as const
}

function preflight(response: ServerResponse, cors: readonly string[]): void {
  const allowed = cors.includes('Access-Control-Allow-Origin')
  const how = [
    'Access-Control-Allow-Methods',
    'POST, GET',
    'Access-Control-Allow-Headers',
    '*',
    'Access-Control-Max-Age',
    '600',
  ]
  response.writeHead(204, [...cors, ...(allowed ? how : [])]).end()
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): ConfigError {
  const where = formatEndpoint(host, port)
  if (error.code === 'EADDRINUSE') {
    return new ConfigError('port', `${where} is in use`, {
      hint: 'choose another port, or stop the process that uses it',
      cause: error,
    })
  }
  if (error.code === 'EACCES') {
    return new ConfigError('port', `no permission to listen on ${where}`, { cause: error })
  }
  return new ConfigError('host', `cannot listen on ${where}: ${error.code ?? error.message}`, { cause: error })
}
