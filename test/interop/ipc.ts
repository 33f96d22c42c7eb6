import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

interface Reply {
  readonly id: number
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string }
}

interface Notification {
  readonly params: { readonly subscription: string; readonly result: unknown }
}

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** JSON-RPC over a Unix socket, one JSON object a line, as geth speaks it. Independent of our own client on purpose. */
export class Ipc {
  readonly #socket: Socket
  /** BOUNDED: one for each call under way. */
  readonly #waiting = new Map<number, Waiting>()
  /** Items by the subscription's id. BOUNDED: a test subscribes a few times, for seconds. */
  readonly #notified = new Map<string, unknown[]>()
  #lastId = 0
  #ended: Error | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    createInterface({ input: socket }).on('line', (line) => this.#take(JSON.parse(line) as Reply | Notification))
    socket.on('error', (error) => this.#end(error))
    socket.on('close', () => this.#end(new Error('the node closed its IPC connection')))
    socket.unref()
  }

  static async open(path: string): Promise<Ipc> {
    const socket = connect(path)
    await once(socket, 'connect')
    return new Ipc(socket)
  }

  call<T>(method: string, params: readonly unknown[] = []): Promise<T> {
    if (this.#ended) return Promise.reject(this.#ended)
    const id = ++this.#lastId
    this.#socket.ref()
    this.#socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: (value) => resolve(value as T), reject })
    })
  }

  /** Subscribes, and returns the list of items, which grows. */
  async subscribe<T>(...params: readonly unknown[]): Promise<readonly T[]> {
    return this.#notifiedOf(await this.call<string>('eth_subscribe', params)) as T[]
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(reply: Reply | Notification): void {
    if ('params' in reply) return void this.#notifiedOf(reply.params.subscription).push(reply.params.result)
    const waiting = this.#waiting.get(reply.id)
    if (waiting === undefined) return
    this.#waiting.delete(reply.id)
    if (this.#waiting.size === 0) this.#socket.unref()
    if (reply.error) waiting.reject(new Error(`${reply.error.message} (${reply.error.code})`))
    else waiting.resolve(reply.result)
  }

  #notifiedOf(subscription: string): unknown[] {
    const notified = this.#notified.get(subscription) ?? []
    this.#notified.set(subscription, notified)
    return notified
  }

  #end(error: Error): void {
    this.#ended ??= error
    for (const waiting of this.#waiting.values()) waiting.reject(error)
    this.#waiting.clear()
  }
}
