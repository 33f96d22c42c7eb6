/**
 * Structured concurrency: a scope owns tasks, the first one to end closes it, and closing waits for all.
 * go-ethereum's `closed` channel, WaitGroup and `protoErr` (p2p/peer.go) as one object.
 * @module
 */
import { setMaxListeners } from 'node:events'
import { type Clock, systemClock, type Timer } from './clock.ts'
import { type Logger, silentLogger } from './log.ts'

export interface ScopeOptions {
  /** Closes this scope when it aborts, with its reason. */
  readonly signal?: AbortSignal | undefined
  /** How long a task may ignore the closing before the log names it, in milliseconds. @default 5000 */
  readonly graceTimeout?: number
  /** @default systemClock */
  readonly clock?: Clock
  /** @default silentLogger */
  readonly log?: Logger
}

export const GRACE_TIMEOUT = 5_000

export class Scope implements AsyncDisposable {
  readonly #abort = new AbortController()
  readonly #graceTimeout: number
  readonly #clock: Clock
  readonly #log: Logger
  /** BOUNDED: one entry per live task; the owner spawns a fixed set, or one per peer. */
  readonly #tasks = new Map<Promise<void>, string>()
  #detach: (() => void) | undefined
  #grace: Timer | undefined

  constructor(options: ScopeOptions = {}) {
    setMaxListeners(0, this.#abort.signal) // a scope of many tasks and requests is no leak that Node should warn of
    this.#graceTimeout = options.graceTimeout ?? GRACE_TIMEOUT
    this.#clock = options.clock ?? systemClock
    this.#log = options.log ?? silentLogger
    if (options.signal) this.#follow(options.signal)
  }

  /** Aborts when the scope closes; its `reason` says why. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Names of the tasks that have not ended. */
  get running(): readonly string[] {
    return [...this.#tasks.values()]
  }

  /**
   * Starts a task that the scope lives by: when it ends, for whatever cause, the scope closes; with the task's error, or
   * with what `ended` makes of a task that just returned.
   */
  spawn(name: string, task: (signal: AbortSignal) => Promise<unknown>, ended?: () => unknown): void {
    this.#run(name, task, () => this.close(ended?.()))
  }

  /** Starts a task whose return changes nothing. Its error still closes the scope. */
  fork(name: string, task: (signal: AbortSignal) => Promise<unknown>): void {
    this.#run(name, task, () => {})
  }

  /** Begins closing. The first reason wins; later calls do nothing. */
  close(reason?: unknown): void {
    if (this.signal.aborted) return
    this.#detach?.()
    this.#abort.abort(reason)
    if (this.#tasks.size > 0) this.#grace = this.#clock.setTimer(this.#graceTimeout, () => this.#nameTheStuck())
  }

  /** Resolves when every task has ended. Never rejects. */
  async done(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.all(this.#tasks.keys())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
    await this.done()
  }

  #run(name: string, task: (signal: AbortSignal) => Promise<unknown>, returned: () => void): void {
    const running = (async () => {
      try {
        await task(this.signal)
        returned()
      } catch (error) {
        this.close(error)
      }
    })().finally(() => this.#ended(running))
    this.#tasks.set(running, name)
  }

  #ended(task: Promise<void>): void {
    this.#tasks.delete(task)
    if (this.#tasks.size === 0) this.#grace?.cancel()
  }

  #follow(parent: AbortSignal): void {
    if (parent.aborted) return this.close(parent.reason)
    const onAbort = (): void => this.close(parent.reason)
    parent.addEventListener('abort', onAbort, { once: true })
    this.#detach = () => parent.removeEventListener('abort', onAbort)
  }

  #nameTheStuck(): void {
    if (this.#tasks.size === 0) return
    this.#log.warn('tasks ignore that their scope has closed', { tasks: this.running, after: this.#graceTimeout })
  }
}
