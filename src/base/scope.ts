/**
 * Structured concurrency: a scope owns tasks, the first one to end closes it, and closing waits for all.
 * go-ethereum's `closed` channel, WaitGroup and `protoErr` (p2p/peer.go) as one object.
 * @module
 */
import { setMaxListeners } from 'node:events'
import { type Clock, systemClock, type Timer } from './clock.ts'
import { type Deferred, deferred } from './deferred.ts'
import { type Logger, silentLogger } from './log.ts'

export interface ScopeOptions {
  /** Closes this scope when it aborts, with its reason. */
  readonly signal?: AbortSignal | undefined
  /** Makes the reason from the cause that the scope is closed with. @default the cause itself */
  readonly reasonOf?: (cause: unknown) => unknown
  /** Milliseconds for which a task may ignore the closing before the log names it. @default 5000 */
  readonly graceTimeout?: number
  /** @default systemClock */
  readonly clock?: Clock
  /** @default silentLogger */
  readonly log?: Logger
}

export const GRACE_TIMEOUT = 5_000

/** A task that has not ended. */
interface Task {
  readonly name: string
  /** Makes the cause that the scope closes with when the task returns; undefined when a return changes nothing. */
  readonly ended: ((name: string) => unknown) | undefined
}

/** Owner of tasks. Parts that are seldom used are made at their first use, because every peer has a scope. */
export class Scope implements AsyncDisposable {
  readonly #graceTimeout: number
  readonly #clock: Clock
  readonly #log: Logger
  readonly #reasonOf: (cause: unknown) => unknown
  /** BOUNDED: one entry per live task; the owner spawns a fixed, small set. */
  #tasks: readonly Task[] = []
  /** BOUNDED: by the parts of the owner. */
  #listeners: readonly (() => void)[] = []
  #abort: AbortController | undefined
  #closed: { readonly reason: unknown } | undefined
  #detach: (() => void) | undefined
  #grace: Timer | undefined
  #idle: Deferred<void> | undefined

  constructor(options: ScopeOptions = {}) {
    this.#graceTimeout = options.graceTimeout ?? GRACE_TIMEOUT
    this.#clock = options.clock ?? systemClock
    this.#log = options.log ?? silentLogger
    this.#reasonOf = options.reasonOf ?? identity
    if (options.signal) this.#follow(options.signal)
  }

  /** Aborts when the scope closes, with its reason. */
  get signal(): AbortSignal {
    if (this.#abort) return this.#abort.signal
    this.#abort = new AbortController()
    setMaxListeners(0, this.#abort.signal) // many tasks and requests on one scope are no leak that Node should warn of
    if (this.#closed) this.#abort.abort(this.#closed.reason)
    return this.#abort.signal
  }

  /** True once it has begun to close: `signal.aborted`, without making a signal. */
  get closing(): boolean {
    return this.#closed !== undefined
  }

  /** Reason to close: `signal.reason`, without making a signal. */
  get reason(): unknown {
    return this.#closed?.reason
  }

  /** Names of the tasks that have not ended. */
  get running(): readonly string[] {
    return this.#tasks.map(({ name }) => name)
  }

  /**
   * Starts a task whose end closes the scope: with the error that the task threw, or with the result of `ended`, which
   * gets the task's name, when the task returned.
   */
  spawn(name: string, task: (scope: Scope) => Promise<unknown>, ended: (name: string) => unknown = nothing): void {
    this.#run({ name, ended }, task)
  }

  /** Starts a task whose return changes nothing. Its error closes the scope. */
  fork(name: string, task: (scope: Scope) => Promise<unknown>): void {
    this.#run({ name, ended: undefined }, task)
  }

  /**
   * Calls `listener` when the scope closes, before its signal aborts; at once when it has closed. Takes a tenth of the
   * memory of a listener on the signal: for code that runs for every peer.
   */
  onClose(listener: () => void): void {
    if (this.#closed) listener()
    else this.#listeners = this.#listeners.concat(listener)
  }

  /** Begins closing. The first reason wins; later calls do nothing. */
  close(cause?: unknown): void {
    if (this.#closed) return
    const reason = this.#reasonOf(cause)
    this.#closed = { reason }
    this.#detach?.()
    const listeners = this.#listeners
    this.#listeners = []
    for (const listener of listeners) listener()
    this.#abort?.abort(reason)
    if (this.#tasks.length > 0) this.#grace = this.#clock.setTimer(this.#graceTimeout, () => this.#warnOfStuckTasks())
  }

  /** Resolves when every task has ended. Never rejects. */
  async done(): Promise<void> {
    while (this.#tasks.length > 0) {
      this.#idle ??= deferred()
      await this.#idle.promise
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
    await this.done()
  }

  #run(task: Task, start: (scope: Scope) => Promise<unknown>): void {
    this.#tasks = this.#tasks.concat(task)
    try {
      start(this).then(
        () => this.#returned(task),
        (error: unknown) => this.#threw(task, error),
      )
    } catch (error) {
      this.#threw(task, error)
    }
  }

  #returned(task: Task): void {
    this.#leave(task)
    if (task.ended && !this.#closed) this.close(task.ended(task.name))
    this.#settle()
  }

  #threw(task: Task, error: unknown): void {
    this.#leave(task)
    this.close(error)
    this.#settle()
  }

  #leave(task: Task): void {
    this.#tasks = this.#tasks.filter((other) => other !== task)
  }

  #settle(): void {
    if (this.#tasks.length > 0) return
    this.#grace?.cancel()
    this.#idle?.resolve()
    this.#idle = undefined
  }

  #follow(parent: AbortSignal): void {
    if (parent.aborted) return this.close(parent.reason)
    const onAbort = (): void => this.close(parent.reason)
    parent.addEventListener('abort', onAbort, { once: true })
    this.#detach = () => parent.removeEventListener('abort', onAbort)
  }

  #warnOfStuckTasks(): void {
    if (this.#tasks.length === 0) return
    this.#log.warn('Tasks still running after their scope closed', { tasks: this.running, after: this.#graceTimeout })
  }
}

function identity(cause: unknown): unknown {
  return cause
}

function nothing(): undefined {
  return undefined
}
