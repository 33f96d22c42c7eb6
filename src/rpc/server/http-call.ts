/**
 * Handling of one HTTP request: reads its body, and writes the response.
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Clock, Timer } from '../../base/clock.ts'
import { TimeoutError } from '../../base/errors.ts'
import type { Logger } from '../../base/log.ts'
import { formatEndpoint } from '../../net/index.ts'
import type { RpcRemote } from '../session/api.ts'
import { type Caller, PARSE_ERROR_RESPONSE, type RequestHandler } from '../session/request-handler.ts'
import { MIN_WATCHED_BYTES, type ServerLimits } from '../session/server-limits.ts'
import { WRITE_TIMEOUT } from '../session/writer.ts'
import { ByteCollector } from '../wire/byte-collector.ts'
import { lostConnection } from '../wire/errors.ts'
import { joinResponse, type ResponseText } from '../wire/message.ts'
import { queuedBytes } from '../wire/node-internals.ts'
import { MAX_VALUES, parseJson } from '../wire/parse-json.ts'
import type { RequestHeaders } from './http-guard.ts'

/** go-ethereum's `defaultBodyLimit` (rpc/http.go). */
export const MAX_BODY_BYTES = 5 * 1024 * 1024
/** Deadline of a call, in milliseconds: just below go-ethereum's write timeout of 30 s, so that the response can be sent. */
export const CALL_TIMEOUT = 29_900
/** Length from which a response is compressed: shorter ones fit into one packet anyway. */
const MIN_GZIP_LENGTH = 1_400

const CONTENT_TYPES: ReadonlySet<string> = new Set([
  'application/json',
  'application/json-rpc',
  'application/jsonrequest',
])

const compress = promisify(gzip)

export interface HttpCallOptions {
  readonly handler: RequestHandler
  readonly clock: Clock
  readonly limits: ServerLimits
  readonly log: Logger
  readonly maxBodyBytes: number
  /** True when the caller accepts gzip. */
  readonly acceptsGzip: boolean
  /** Response headers: names and values in turn. */
  readonly extraHeaders: readonly string[]
}

/**
 * Checks method, content type and length. @returns status and text to refuse the request with, undefined when it is a call
 */
export function validateRequest(
  method: string | undefined,
  headers: RequestHeaders,
  maxBodyBytes: number,
): [number, string] | undefined {
  if (method !== 'POST') return [405, 'method not allowed']
  if (Number(headers['content-length'] ?? 0) > maxBodyBytes) return [413, tooLarge(maxBodyBytes)]
  const type = headers['content-type'] ?? ''
  if (type === 'application/json') return undefined
  const [essence = ''] = type.split(';', 1)
  if (CONTENT_TYPES.has(essence.trim().toLowerCase())) return undefined
  return [415, `invalid content type ${JSON.stringify(type.slice(0, 100))}, only application/json is supported`]
}

function tooLarge(maxBodyBytes: number): string {
  return `content length too large, at most ${maxBodyBytes} bytes`
}

/** One HTTP request as the caller of its method. */
export class HttpCall implements Caller {
  readonly #options: HttpCallOptions
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  #abort: AbortController | undefined
  #timer: Timer | undefined
  #deadline: Promise<never> | undefined
  #done = false

  constructor(request: IncomingMessage, response: ServerResponse, options: HttpCallOptions) {
    this.#request = request
    this.#response = response
    this.#options = options
    this.#read()
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    return this.#abort.signal
  }

  get remote(): RpcRemote {
    const { headers, socket } = this.#request
    const address = formatEndpoint(socket.remoteAddress ?? '', socket.remotePort ?? 0)
    return { transport: 'http', address, userAgent: headers['user-agent'], origin: headers.origin }
  }

  /** Rejects at the deadline. Created for calls that take longer than the tick they began in. */
  get deadline(): Promise<never> {
    this.#deadline ??= this.#timeOut()
    return this.#deadline
  }

  #timeOut(): Promise<never> {
    const { signal } = this
    this.#timer = this.#options.clock.setTimer(CALL_TIMEOUT, () => {
      this.#abort?.abort(new TimeoutError('request', CALL_TIMEOUT))
    })
    const deadline = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    deadline.catch(() => {}) // may be unused by then
    return deadline
  }

  #read(): void {
    const request = this.#request
    const { maxBodyBytes } = this.#options
    const body = new ByteCollector()
    request.on('data', (chunk: Uint8Array) => {
      if (this.#done) return
      body.add(chunk)
      if (body.bytes <= maxBodyBytes) return
      this.#done = true
      refuse(this.#response, 413, tooLarge(maxBodyBytes))
    })
    request.on('end', () => {
      if (!this.#done) this.#answer(body.take())
    })
  }

  /** Aborts the call when the caller disconnects. Not needed for calls that finish in the tick they began in. */
  #watch(): void {
    this.#onceClosed(() => {
      this.#done = true
      this.#timer?.cancel()
      if (!this.#response.writableFinished) this.#abort?.abort(lostConnection('the caller has disconnected'))
    })
  }

  /** Calls `then` once, when the response has been sent or the connection is closed. */
  #onceClosed(then: () => void): void {
    let cancel: (() => void) | undefined
    const onClose = (): void => {
      cancel?.()
      this.#response.off('close', onClose)
      then()
    }
    this.#response.on('close', onClose)
    cancel = onSocketClose(this.#request.socket, onClose)
  }

  #answer(body: string): void {
    let value: unknown
    try {
      value = parseJson(body, MAX_VALUES)
    } catch {
      return this.#write(PARSE_ERROR_RESPONSE, 400)
    }
    const { handler, limits } = this.#options
    if (limits.callsExhausted) return refuse(this.#response, 503, 'too many calls in flight')
    const answer = handler.handle(value, this)
    if (!(answer instanceof Promise)) return this.#write(answer)
    limits.countCall(answer)
    this.#watch()
    void answer.then((text) => this.#write(text))
  }

  #write(answer: ResponseText = '', status = 200): void {
    if (this.#done) return
    const length = typeof answer === 'string' ? answer.length : answer.bytes.length
    if (length < MIN_GZIP_LENGTH || !this.#options.acceptsGzip) return this.#send(answer, status)
    this.#watch()
    compress(joinResponse(answer), { level: 1 }).then(
      (packed) => this.#send(packed, status, ['Content-Encoding', 'gzip', 'Vary', 'Accept-Encoding']),
      () => this.#response.destroy(),
    )
  }

  #send(body: ResponseText | Uint8Array, status: number, more: readonly string[] = []): void {
    if (this.#done) return
    const { extraHeaders, limits } = this.#options
    const length = lengthOf(body)
    if (!limits.canBuffer(length)) return refuse(this.#response, 503, 'too many unread responses')
    const entity = ['Content-Type', 'application/json', 'Content-Length', String(length)]
    this.#end(this.#response.writeHead(status, [...entity, ...extraHeaders, ...more]), body)
    if (length >= MIN_WATCHED_BYTES) this.#watchProgress(length)
  }

  /** Disconnects a caller that reads nothing of its response for {@link WRITE_TIMEOUT}. */
  #watchProgress(length: number): void {
    const { clock, log, limits } = this.#options
    const { socket } = this.#request
    if (this.#response.writableFinished || this.#response.destroyed) return
    limits.addUnread(length)
    let timer: Timer | undefined
    const watch = (waitingBefore: number, queuedBefore: number): void => {
      timer = clock.setTimer(WRITE_TIMEOUT, () => {
        const waiting = socket.writableLength
        const queued = queuedBytes(socket)
        const isSending = this.#response.socket !== null && waiting > 0
        if (!isSending || waiting !== waitingBefore || queued !== queuedBefore) return watch(waiting, queued)
        log.warn('Closed connection', { ...this.remote, reason: 'the remote does not read', waiting })
        socket.destroy()
      })
    }
    watch(socket.writableLength, queuedBytes(socket))
    this.#onceClosed(() => {
      limits.addUnread(-length)
      timer?.cancel()
    })
  }

  #end(response: ServerResponse, body: ResponseText | Uint8Array): void {
    if (typeof body === 'string' || body instanceof Uint8Array) return void response.end(body)
    response.write(body.before)
    response.write(body.bytes)
    response.end(body.after)
  }
}

function lengthOf(body: ResponseText | Uint8Array): number {
  if (typeof body === 'string') return Buffer.byteLength(body)
  if (body instanceof Uint8Array) return body.length
  return Buffer.byteLength(body.before) + body.bytes.length + body.after.length
}

/** Responds with a status and one line, and closes the connection when the request has not been read completely. */
export function refuse(
  response: ServerResponse,
  status: number,
  message: string,
  headers: readonly string[] = [],
): void {
  const body = `${message}\n`
  const close = response.req.complete ? [] : ['Connection', 'close']
  const type = ['Content-Type', 'text/plain; charset=utf-8', 'Content-Length', String(Buffer.byteLength(body))]
  response.writeHead(status, [...type, ...close, ...headers]).end(body)
}

const listeners = new WeakMap<Socket, Set<() => void>>()

/**
 * Calls `then` when the socket closes. One listener serves all requests of a socket: of pipelined ones, Node notifies only
 * the one whose response is being sent. @returns a function that cancels
 */
function onSocketClose(socket: Socket, then: () => void): () => void {
  if (socket.closed) {
    then()
    return () => {}
  }
  const all = listeners.get(socket) ?? listenOn(socket)
  all.add(then)
  return () => all.delete(then)
}

function listenOn(socket: Socket): Set<() => void> {
  /** BOUNDED: by the requests of the socket. */
  const all = new Set<() => void>()
  listeners.set(socket, all)
  socket.once('close', () => {
    for (const each of all) each()
  })
  return all
}
