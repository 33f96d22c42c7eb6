/**
 * A TCP port that answers JSON-RPC over HTTP, over WebSocket, or both.
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
import type { Answerer } from '../session/answer.ts'
import type { ServerLimits } from '../session/server-limits.ts'
import { FAREWELL_TIME, Session } from '../session/session.ts'
import { responseOn } from '../wire/node-internals.ts'
import { MAX_VALUES } from '../wire/parse-json.ts'
import { WsWire } from '../wire/ws-wire.ts'
import { HttpCall, objectionToRequest, refuse } from './http-call.ts'
import { type GuardOptions, HttpGuard, type Refusal, readHeaders } from './http-guard.ts'
import { IdleSockets } from './idle-sockets.ts'

/** go-ethereum's `wsDefaultReadLimit` (rpc/websocket.go). */
export const MAX_WS_MESSAGE_BYTES = 32 * 1024 * 1024
/** go-ethereum's `DefaultHTTPTimeouts` (rpc/http.go), in milliseconds. */
export const READ_TIMEOUT = 30_000
const IDLE_TIMEOUT = 120_000
/** Connections of one port: each may hold a body of {@link MAX_BODY_BYTES}. */
const MAX_CONNECTIONS = 4_096

/** What one of the two transports of a port offers. */
export interface PortService {
  readonly answerer: Answerer
  readonly guard: GuardOptions
  /** Where requests go: `/`, a prefix without a slash at its end, or `/*` for everywhere. */
  readonly path: string
}

export interface HttpEndpointOptions {
  readonly host: string
  readonly port: number
  readonly maxBodyBytes: number
  /** Milliseconds in which a request must have come, with its body. */
  readonly readTimeout: number
  /** Of calls from here to a client, in milliseconds. */
  readonly timeout: number
  readonly limits: ServerLimits
  readonly clock: Clock
  readonly log: Logger
}

export class HttpEndpoint {
  readonly #options: HttpEndpointOptions
  readonly #server: Server
  /** BOUNDED: by the connections of the port. */
  readonly #sessions = new Set<Session>()
  /** Sockets that are WebSockets, or were to be: the server does not count them as its own. BOUNDED: as the sessions. */
  readonly #upgraded = new Set<Duplex>()
  readonly #upgrader = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_WS_MESSAGE_BYTES,
    autoPong: false, // the wire does
  })
  readonly #idle: IdleSockets
  #http: (PortService & { readonly allowed: HttpGuard }) | undefined
  #ws: (PortService & { readonly allowed: HttpGuard }) | undefined

  private constructor(options: HttpEndpointOptions) {
    this.#options = options
    this.#server = createServer({
      headersTimeout: options.readTimeout,
      requestTimeout: options.readTimeout,
      keepAliveTimeout: 0, // of ours: #idle
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

  /** Throws a ConfigError (`port`, `host`) when it cannot listen there. */
  static async listen(options: HttpEndpointOptions): Promise<HttpEndpoint> {
    const endpoint = new HttpEndpoint(options)
    const { host, port, log } = options
    await new Promise<void>((resolve, reject) => {
      endpoint.#server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(error, host, port)))
      endpoint.#server.listen({ host, port, backlog: 511 }, resolve)
    })
    endpoint.#server.removeAllListeners('error')
    endpoint.#server.on('error', (error) => log.warn('accepting failed', { error }))
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

  /** Answers one of the two transports from now on. */
  set(transport: 'http' | 'ws', service: PortService): void {
    const { clock } = this.#options
    const entry = { ...service, allowed: new HttpGuard(service.guard, clock) }
    if (transport === 'http') this.#http = entry
    else this.#ws = entry
  }

  /** Answers one of the two not any more; the port stays open. Lets what is being answered finish, for `grace` milliseconds. */
  async stop(transport: 'http' | 'ws', grace: number): Promise<void> {
    if (transport === 'http') this.#http = undefined
    else {
      this.#ws = undefined
      await Promise.all([...this.#sessions].map((session) => session.finish(grace, 'the endpoint is closing')))
    }
  }

  /** Lets what is being answered finish, for `grace` milliseconds at most. */
  async close(grace: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const session of this.#sessions) void session.finish(grace, 'the server is closing')
    this.#server.closeIdleConnections()
    const timer = this.#options.clock.setTimer(grace + FAREWELL_TIME, () => {
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
    if (!http) return refuse(response, 404, 'this port answers WebSockets only')
    if (!isBelow(url, http.path)) return refuse(response, 404, `nothing is here, only at ${http.path}`)
    const headers = readHeaders(request.rawHeaders)
    const refusal = http.allowed.objection(headers)
    if (refusal) return refuse(response, refusal.status, refusal.message)
    const extraHeaders = http.allowed.corsHeaders(headers.origin)
    if (method === 'OPTIONS') return preflight(response, extraHeaders)
    if (method === 'GET' && !headers['content-length']) return void response.writeHead(200).end()
    const { maxBodyBytes, clock, log, limits } = this.#options
    const objection = objectionToRequest(method, headers, maxBodyBytes)
    if (objection) return refuse(response, ...objection, extraHeaders)
    const takesGzip = headers['accept-encoding']?.includes('gzip') ?? false
    const { answerer } = http
    new HttpCall(request, response, { answerer, limits, clock, log, maxBodyBytes, takesGzip, extraHeaders })
  }

  /** A body that will be refused is not asked for. */
  #continue(request: IncomingMessage, response: ServerResponse): void {
    const objection = objectionToRequest(request.method, readHeaders(request.rawHeaders), this.#options.maxBodyBytes)
    if (objection) return refuse(response, ...objection)
    response.writeContinue()
    this.#request(request, response)
  }

  #health(response: ServerResponse): void {
    const body = JSON.stringify({ ok: true })
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body)
  }

  // --- WebSocket ------------------------------------------------------------------------------

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') return this.#ignoreUpgrade(request, socket, head)
    socket.on('error', () => socket.destroy())
    this.#upgraded.add(socket)
    this.#idle.remove(request.socket)
    socket.on('close', () => this.#upgraded.delete(socket))
    const ws = this.#ws
    const refusal: Refusal | undefined =
      ws && isBelow(request.url, ws.path)
        ? ws.allowed.objectionToWebSocket(request.headers)
        : { status: 403, message: 'no WebSockets here' }
    if (!ws || refusal) return turnAway(socket, refusal as Refusal)
    const { answerer } = ws
    this.#upgrader.handleUpgrade(request, socket, head, (client) => {
      const { clock, log, limits, timeout } = this.#options
      const wire = new WsWire(client, socket, { clock, maxValues: MAX_VALUES })
      const session: Session = new Session({
        wire,
        answerer,
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

  /**
   * A server may answer as if nothing but HTTP/1.1 had been asked for (RFC 9110, 7.8): Java's client offers `h2c` with every
   * first request. Node 20 takes every upgrade for one, so the request goes back to where it came from, without it.
   */
  #ignoreUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const onError = (): void => void socket.destroy() // nobody else listens meanwhile
    const onClose = (): void => void this.#upgraded.delete(socket)
    socket.on('error', onError).on('close', onClose)
    this.#upgraded.add(socket)
    const inject = (): void => {
      const before = responseOn(socket)
      if (before) return void before.once('finish', inject) // then Node begins with the next one, if there is one
      socket.off('error', onError).off('close', onClose)
      this.#upgraded.delete(socket)
      this.#injectAgain(request, socket, head)
    }
    inject()
  }

  #injectAgain(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { method, url, httpVersion, headers, rawHeaders } = request
    const lines = [`${method} ${url} HTTP/${httpVersion}`]
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const [name, value] = rawHeaders.slice(index, index + 2) as [string, string]
      if (!UPGRADE_HEADERS.has(name.toLowerCase())) lines.push(`${name}: ${value}`)
    }
    if (/(^|,)\s*close\s*(,|$)/i.test(headers.connection ?? '')) lines.push('Connection: close')
    socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
    this.#server.emit('connection', socket)
  }
}

const UPGRADE_HEADERS: ReadonlySet<string> = new Set(['upgrade', 'connection', 'http2-settings'])

/** go-ethereum's `checkPath` (node/rpcstack.go): without a prefix, requests go to the root. */
function isBelow(url = '', path: string): boolean {
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

function turnAway(socket: Duplex, { status, message }: Refusal): void {
  const reason = status === 401 ? 'Unauthorized' : 'Forbidden'
  const head = [`HTTP/1.1 ${status} ${reason}`, 'Content-Type: text/plain', `Content-Length: ${message.length + 1}`]
  socket.once('finish', () => socket.destroy()) // the other side may never end its half
  socket.end(`${[...head, 'Connection: close'].join('\r\n')}\r\n\r\n${message}\n`)
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): ConfigError {
  const where = formatEndpoint(host, port)
  if (error.code === 'EADDRINUSE') {
    return new ConfigError('port', `${where} is in use`, { hint: 'choose another, or end who has it', cause: error })
  }
  if (error.code === 'EACCES') {
    return new ConfigError('port', `${where} needs rights this process does not have`, { cause: error })
  }
  return new ConfigError('host', `cannot listen on ${where}: ${error.code ?? error.message}`, { cause: error })
}
