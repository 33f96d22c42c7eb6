/**
 * A queue with a byte budget that one reader pulls from.
 * The iterator is written by hand: an async generator costs twice as much per item.
 * @module
 */
import { InternalError } from './errors.ts'

export interface QueueOptions {
  /** Bytes held at which {@link Queue.push} begins to return false. */
  readonly highWaterBytes: number
  /** Called once when a queue that had been over its budget falls under half of it. */
  readonly onDrain?: () => void
}

interface Waiter<T> {
  resolve(item: T | undefined): void
  reject(error: unknown): void
}

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true }

export class Queue<T extends NonNullable<unknown>> implements AsyncIterableIterator<T, undefined> {
  readonly #highWaterBytes: number
  readonly #onDrain: (() => void) | undefined
  /** BOUNDED: by the budget, plus the items that the producer pushes after a false. */
  #items: (T | undefined)[] = []
  #sizes: number[] = []
  #head = 0
  #bytes = 0
  #over = false
  #waiter: Waiter<T> | undefined
  #end: { readonly error: unknown } | undefined

  constructor(options: QueueOptions) {
    this.#highWaterBytes = options.highWaterBytes
    this.#onDrain = options.onDrain
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#bytes
  }

  /** Items held. */
  get length(): number {
    return this.#items.length - this.#head
  }

  /** Adds an item of `bytes`. @returns false to ask for a stop until `onDrain`. After the end, items are dropped. */
  push(item: T, bytes = 1): boolean {
    if (this.#end) return true
    const waiter = this.#waiter
    if (waiter) {
      this.#waiter = undefined
      waiter.resolve(item)
      return true
    }
    this.#items.push(item)
    this.#sizes.push(bytes)
    this.#bytes += bytes
    if (this.#bytes >= this.#highWaterBytes) this.#over = true
    return !this.#over
  }

  /** Ends the queue: items held are still read, then iteration ends, or throws `error`. */
  end(error?: unknown): void {
    if (this.#end) return
    this.#end = { error }
    const waiter = this.#waiter
    this.#waiter = undefined
    if (error === undefined) waiter?.resolve(undefined)
    else waiter?.reject(error)
  }

  /** Ends the queue and drops its items. */
  clear(error?: unknown): void {
    this.#items = []
    this.#sizes = []
    this.#head = this.#bytes = 0
    this.end(error)
  }

  /** Takes the next item without a promise; undefined when there is none. */
  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined
    const item = this.#items[this.#head] as T
    this.#take()
    return item
  }

  /** Takes the next item; undefined at the end. One promise, and no object around the item. */
  take(options?: { readonly signal?: AbortSignal | undefined }): Promise<T | undefined> {
    if (this.length > 0) return Promise.resolve(this.shift())
    if (this.#end) return this.#end.error === undefined ? Promise.resolve(undefined) : Promise.reject(this.#end.error)
    if (this.#waiter) return Promise.reject(new InternalError('a queue has one reader at a time'))
    const signal = options?.signal
    if (signal?.aborted) return Promise.reject(signal.reason)
    return new Promise((resolve, reject) => {
      this.#waiter = signal ? this.#cancellable({ resolve, reject }, signal) : { resolve, reject }
    })
  }

  async next(options?: { readonly signal?: AbortSignal | undefined }): Promise<IteratorResult<T, undefined>> {
    const item = await this.take(options)
    return item === undefined ? DONE : { value: item, done: false }
  }

  /** Does nothing: when one reader leaves its `for await` loop, another may go on. */
  return(): Promise<IteratorResult<T, undefined>> {
    return Promise.resolve(DONE)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #cancellable(waiter: Waiter<T>, signal: AbortSignal): Waiter<T> {
    const onAbort = (): void => {
      this.#waiter = undefined
      waiter.reject(signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    const off = (): void => signal.removeEventListener('abort', onAbort)
    return {
      resolve(item) {
        off()
        waiter.resolve(item)
      },
      reject(error) {
        off()
        waiter.reject(error)
      },
    }
  }

  #take(): void {
    this.#bytes -= this.#sizes[this.#head] as number
    this.#items[this.#head] = undefined // so that a long queue does not keep items that were read
    if (++this.#head === this.#items.length) this.#items.length = this.#sizes.length = this.#head = 0
    else if (this.#head > 1024 && this.#head * 2 > this.#items.length) this.#compact()
    if (!this.#over || this.#bytes * 2 >= this.#highWaterBytes) return
    this.#over = false
    this.#onDrain?.()
  }

  /** Removes items that were read: a queue that is never empty would otherwise keep their places. */
  #compact(): void {
    this.#items = this.#items.slice(this.#head)
    this.#sizes = this.#sizes.slice(this.#head)
    this.#head = 0
  }
}
