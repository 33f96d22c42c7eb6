import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

interface Reply {
  readonly id: number
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string }
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
  #lastId = 0
  #ended: Error | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    createInterface({ input: socket }).on('line', (line) => this.#take(JSON.parse(line) as Reply))
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

  close(): void {
    this.#socket.destroy()
  }

  #take(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id)
    if (waiting === undefined) return
    this.#waiting.delete(reply.id)
    if (this.#waiting.size === 0) this.#socket.unref()
    if (reply.error) waiting.reject(new Error(`${reply.error.message} (${reply.error.code})`))
    else waiting.resolve(reply.result)
  }

  #end(error: Error): void {
    this.#ended ??= error
    for (const waiting of this.#waiting.values()) waiting.reject(error)
    this.#waiting.clear()
  }
}
