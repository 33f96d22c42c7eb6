/**
 * Subscriptions to events. An emitter does not wait for its observers: each has a bounded buffer, and counts the events
 * that it lost.
 * @module
 */
import { Queue } from './queue.ts'

export interface SubscribeOptions {
  /** Ends the subscription. */
  readonly signal?: AbortSignal | undefined
  /** Events held for a reader that is behind; further ones are dropped and counted. @default 1024 */
  readonly buffer?: number
}

/** Events from the moment of the subscription on. Leaving the loop ends it. */
export interface Subscription<E extends NonNullable<unknown>> extends AsyncIterableIterator<E, undefined>, Disposable {
  /** Events lost because this reader was behind. */
  readonly dropped: number
}

export const EVENT_BUFFER = 1024

export class Events<E extends NonNullable<unknown>> {
  /** BOUNDED: by the observers the program itself makes. */
  readonly #subscribers = new Set<Subscriber<E>>()
  #closed = false

  /** True while there is an observer: lets a hot path skip building an event. */
  get observed(): boolean {
    return this.#subscribers.size > 0
  }

  emit(event: E): void {
    for (const subscriber of this.#subscribers) subscriber.offer(event)
  }

  subscribe(options: SubscribeOptions = {}): Subscription<E> {
    const subscriber = new Subscriber<E>(options.buffer ?? EVENT_BUFFER, (s) => this.#subscribers.delete(s))
    if (this.#closed || options.signal?.aborted) subscriber[Symbol.dispose]()
    else {
      this.#subscribers.add(subscriber)
      subscriber.endWith(options.signal)
    }
    return subscriber
  }

  /** Ends every subscription, after the events in its buffer have been read. */
  close(): void {
    this.#closed = true
    for (const subscriber of this.#subscribers) subscriber[Symbol.dispose]()
  }
}

class Subscriber<E extends NonNullable<unknown>> implements Subscription<E> {
  dropped = 0
  readonly #buffer: number
  readonly #queue = new Queue<E>({ highWaterBytes: Number.POSITIVE_INFINITY })
  readonly #leave: (subscriber: Subscriber<E>) => void
  #detach: (() => void) | undefined

  constructor(buffer: number, leave: (subscriber: Subscriber<E>) => void) {
    this.#buffer = buffer
    this.#leave = leave
  }

  offer(event: E): void {
    if (this.#queue.length >= this.#buffer) this.dropped++
    else this.#queue.push(event)
  }

  endWith(signal: AbortSignal | undefined): void {
    if (!signal) return
    const onAbort = (): void => this[Symbol.dispose]()
    signal.addEventListener('abort', onAbort, { once: true })
    this.#detach = () => signal.removeEventListener('abort', onAbort)
  }

  next(): Promise<IteratorResult<E, undefined>> {
    return this.#queue.next()
  }

  async return(): Promise<IteratorResult<E, undefined>> {
    this[Symbol.dispose]()
    return { value: undefined, done: true }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  [Symbol.dispose](): void {
    this.#detach?.()
    this.#leave(this)
    this.#queue.end()
  }
}
