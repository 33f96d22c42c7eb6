/**
 * Evaluates JavaScript as Node's own console does: top-level `await`, persistent names, interruption by Ctrl-C.
 * @module
 */
import type { Domain } from 'node:domain'
import type { REPLServer, ReplOptions } from 'node:repl'
import { PassThrough, Writable } from 'node:stream'
import { types } from 'node:util'

/** Error of a script that was interrupted by Ctrl-C. */
export class ScriptInterruptedError extends Error {
  constructor() {
    super('interrupted')
  }
}

type Fail = (error: unknown) => void
type Listener = (...args: unknown[]) => void

/** Runs one script at a time; others are queued. */
export class Evaluator {
  readonly repl: REPLServer
  readonly #evaluate: REPLServer['eval']
  #last: Promise<unknown> = Promise.resolve()
  /** Rejects the running script. */
  #fail: Fail | undefined
  /** Stops waiting for the result of the script. */
  #interrupt: (() => void) | undefined

  /** Starts an evaluator without a prompt. `onOutput` receives output of the console itself. */
  static async silent(names: object, onOutput: (text: string) => void): Promise<Evaluator> {
    const output = new Writable({
      write(chunk, _, done) {
        onOutput(String(chunk))
        done()
      },
    })
    return await Evaluator.start(names, { prompt: '', input: new PassThrough(), output, terminal: false })
  }

  static async start(names: object, options: ReplOptions): Promise<Evaluator> {
    const { start } = await import('node:repl') // loaded late, because it changes every EventEmitter of the process for its domains
    return new Evaluator(start({ ...options, breakEvalOnSigint: true }), names)
  }

  private constructor(repl: REPLServer, names: object) {
    this.repl = repl
    this.#evaluate = repl.eval
    this.#listenFirst(repl, 'SIGINT', () => this.#interrupt)
    this.#call('process.domain', (_, domain) => {
      // A synchronous throw goes to the console's domain, which would print it. Newer versions of Node have no domain there.
      if (domain) this.#listenFirst(domain as Domain, 'error', () => this.#fail)
    })
    Object.assign(repl.context, names)
  }

  /** Dispatches an event to `own` when it returns a listener, and otherwise to the previous listeners. */
  #listenFirst(emitter: REPLServer | Domain, event: string, own: () => Listener | undefined): void {
    const usual = emitter.listeners(event) as Listener[]
    emitter.removeAllListeners(event)
    emitter.on(event, (...args: unknown[]) => {
      const first = own()
      for (const listener of first ? [first] : usual) listener.apply(emitter, args)
    })
  }

  /** Resolves with the value of the last expression. Rejects with the thrown error: see {@link isIncompleteInput}. */
  run(code: string): Promise<unknown> {
    const result = this.#last.then(() => this.#run(code))
    this.#last = result.catch(() => {})
    return result
  }

  async #run(code: string): Promise<unknown> {
    try {
      return await new Promise((resolve, reject) => {
        this.#fail = (error) => reject(wasInterrupted(error) ? new ScriptInterruptedError() : error)
        this.#call(code, (error, value) => {
          if (error) return this.#fail?.(error)
          this.#interrupt = () => reject(new ScriptInterruptedError())
          Promise.resolve(value).then(resolve, reject)
        })
      })
    } finally {
      this.#fail = this.#interrupt = undefined
    }
  }

  /**
   * Evaluates without the process's SIGINT listeners while the script blocks the thread: Node removes them too late,
   * and with them the handler that interrupts the script.
   */
  #call(code: string, done: (error: Error | null, value: unknown) => void): void {
    const listeners = process.rawListeners('SIGINT') as NodeJS.SignalsListener[]
    process.removeAllListeners('SIGINT')
    try {
      this.#evaluate.call(this.repl, code, this.repl.context, 'console', done)
    } finally {
      for (const listener of listeners) process.on('SIGINT', listener)
    }
  }

  [Symbol.dispose](): void {
    this.repl.close()
  }
}

/** @returns true if the error says that the script is incomplete and continues on the next line */
export function isIncompleteInput(error: unknown): error is Error & { readonly err: Error } {
  return error instanceof Error && error.name === 'SyntaxError' && 'err' in error // Node's `Recoverable`
}

function wasInterrupted(error: unknown): boolean {
  return types.isNativeError(error) && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED'
}
