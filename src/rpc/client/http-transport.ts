/**
 * Calls over HTTP: each is a request, on a pool of kept-alive connections.
 * @module
 */
import { setMaxListeners } from 'node:events'
import { type Dispatcher, Pool } from 'undici'
import { Alarm } from '../../base/alarm.ts'
import { TimeoutError } from '../../base/errors.ts'
import type { BatchCall, CallOptions } from '../session/pending.ts'
import { ByteCollector } from '../wire/byte-collector.ts'
import { missingResponse, RpcConnectionError, RpcError, RpcHttpError, tooLarge } from '../wire/errors.ts'
import { encodeCall, encodeNotification, readMessage } from '../wire/message.ts'
import { parseJson } from '../wire/parse-json.ts'
import { type ClientSettings, headersFor } from './client-options.ts'
import type { ClientTransport } from './transport.ts'

/** Characters of a body that is kept in an RpcHttpError. */
const MAX_ERROR_BODY = 8 * 1024

export class HttpTransport implements ClientTransport {
  readonly #pool: Pool
  readonly #url: URL
  readonly #settings: ClientSettings
  readonly #headers: Readonly<Record<string, string>>
  /** Ends connections that are being made, which a destroyed pool leaves to their timeout. */
  readonly #closing = new AbortController()
  #lastId = 0

  constructor(url: URL, settings: ClientSettings) {
    this.#url = url
    this.#settings = settings
    this.#headers = { 'content-type': 'application/json', ...headersFor(url, settings) }
    setMaxListeners(0, this.#closing.signal) // one for each connection
    this.#pool = new Pool(url.origin, {
      connections: settings.maxConnections,
      connect: { timeout: settings.connectTimeout, signal: this.#closing.signal },
      headersTimeout: 0, // every call has its own timeout
      bodyTimeout: 0,
      keepAliveTimeout: 30_000,
    })
  }

  async call<T>(method: string, params: readonly unknown[], options: CallOptions = {}): Promise<T> {
    const id = ++this.#lastId
    const text = await this.#post(encodeCall(id, method, params), method, options)
    const message = readMessage(parseResponse(text))
    if (message.kind !== 'response' || (message.id !== id && !message.error)) throw missingResponse(method)
    if (!message.error) return message.result as T
    throw new RpcError(message.error.code, message.error.message, { data: message.error.data })
  }

  async batch(calls: readonly BatchCall[], options: CallOptions = {}): Promise<PromiseSettledResult<unknown>[]> {
    const first = this.#lastId + 1
    this.#lastId += calls.length
    const texts = calls.map(({ method, params = [] }, index) => encodeCall(first + index, method, params))
    const value = parseResponse(await this.#post(`[${texts.join(',')}]`, `a batch of ${calls.length}`, options))
    const results = new Array<PromiseSettledResult<unknown> | undefined>(calls.length).fill(undefined)
    for (const each of Array.isArray(value) ? value : [value]) {
      const message = readMessage(each)
      if (message.kind !== 'response') continue
      const { id, error, result } = message
      const failure = error && new RpcError(error.code, error.message, { data: error.data })
      if (failure && !Array.isArray(value)) throw failure // for the whole batch
      const index = typeof id === 'number' ? id - first : -1
      if (!(index in results)) continue
      results[index] = failure ? { status: 'rejected', reason: failure } : { status: 'fulfilled', value: result }
    }
    // Creating an error takes longer than the call: only the needed ones are created.
    return calls.map(({ method }, index) => results[index] ?? { status: 'rejected', reason: missingResponse(method) })
  }

  async notify(method: string, params: readonly unknown[], options: CallOptions = {}): Promise<void> {
    await this.#post(encodeNotification(method, params), method, options)
  }

  async close(): Promise<void> {
    await this.#pool.destroy(closed())
    this.#closing.abort()
  }

  #post(body: string, what: string, { signal, timeout }: CallOptions): Promise<string> {
    const settings = this.#settings
    if (body.length > settings.maxRequestBytes) return Promise.reject(tooLarge(body, settings.maxRequestBytes))
    if (this.#pool.destroyed) return Promise.reject(closed())
    if (signal?.aborted) return Promise.reject(signal.reason)
    const { pathname, search } = this.#url
    const headers = settings.jwtSecret ? { ...this.#headers, ...headersFor(this.#url, settings) } : this.#headers
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(what, timeout ?? settings.timeout, settings, { resolve, reject, signal })
      this.#pool.dispatch({ method: 'POST', path: pathname + search, headers, body }, exchange)
    })
  }
}

interface ExchangeEnd {
  readonly resolve: (text: string) => void
  readonly reject: (error: unknown) => void
  readonly signal: AbortSignal | undefined
}

/** One request and its response. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #end: ExchangeEnd
  readonly #what: string
  readonly #timeout: number
  readonly #maxBytes: number
  readonly #alarm: Alarm<Exchange> | undefined
  #controller: Dispatcher.DispatchController | undefined
  #failure: unknown
  #status = 0
  readonly #body = new ByteCollector()

  constructor(what: string, timeout: number, settings: ClientSettings, end: ExchangeEnd) {
    this.#what = what
    this.#timeout = timeout
    this.#end = end
    this.#maxBytes = settings.maxResponseBytes
    if (Number.isFinite(timeout)) {
      this.#alarm = new Alarm(settings.clock, this as Exchange, onTimeout)
      this.#alarm.set(timeout)
    }
    end.signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  abort(reason: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = reason
    this.#release()
    this.#end.reject(reason)
    this.#controller?.abort(asError(reason))
  }

  timeOut(): void {
    this.abort(new TimeoutError(this.#what, this.#timeout))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#failure !== undefined) controller.abort(asError(this.#failure))
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number): void {
    this.#status = status
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body.add(chunk)
    if (this.#body.bytes > this.#maxBytes) {
      const error = new RpcConnectionError('ERR_RPC_TOO_LARGE', `response too large, at most ${this.#maxBytes} bytes`, {
        mayHaveRun: true,
      })
      return this.abort(error)
    }
  }

  onResponseEnd(): void {
    this.#release()
    const text = this.#body.take()
    const good = this.#status >= 200 && this.#status < 300
    if (good || isResponse(text)) this.#end.resolve(text)
    else this.#end.reject(new RpcHttpError(this.#status, text.slice(0, MAX_ERROR_BODY)))
  }

  onResponseError(_: Dispatcher.DispatchController, cause: Error): void {
    this.#release()
    if (this.#failure !== undefined) return
    const why = cause.message || (cause as NodeJS.ErrnoException).code || cause.name
    const mayHaveRun = this.#controller !== undefined
    this.#end.reject(new RpcConnectionError('ERR_RPC_CONNECTION', why, { mayHaveRun, cause }))
  }

  readonly #onAbort = (): void => this.abort(this.#end.signal?.reason)

  #release(): void {
    this.#alarm?.cancel()
    this.#end.signal?.removeEventListener('abort', this.#onAbort)
  }
}

function onTimeout(exchange: Exchange): void {
  exchange.timeOut()
}

/** @returns true for a JSON-RPC response in the body of an HTTP error: go-ethereum sends one with 400 for invalid JSON */
function isResponse(text: string): boolean {
  return text.startsWith('{"jsonrpc"')
}

function parseResponse(text: string): unknown {
  try {
    return parseJson(text)
  } catch (cause) {
    throw new RpcConnectionError('ERR_RPC_ANSWER', 'response is not JSON', { mayHaveRun: true, cause })
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error
    ? reason
    : new RpcConnectionError('ERR_RPC_CONNECTION', 'abandoned', { mayHaveRun: true })
}

function closed(): RpcConnectionError {
  return new RpcConnectionError('ERR_RPC_CLOSED', 'client closed', { mayHaveRun: false })
}
