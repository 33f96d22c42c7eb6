/**
 * Runs JavaScript as Node's own console does: `await` anywhere, names that stay, Ctrl-C that ends what runs.
 * @module
 */
import type { Domain } from 'node:domain'
import type { REPLServer, ReplOptions } from 'node:repl'
import { PassThrough, Writable } from 'node:stream'
import { types } from 'node:util'

/** Ended by Ctrl-C. */
export class ScriptInterruptedError extends Error {
  constructor() {
    super('interrupted')
  }
}

type Fail = (error: unknown) => void
type Listener = (...args: unknown[]) => void

/** One script at a time; the others wait. */
export class Evaluator {
  readonly repl: REPLServer
  readonly #evaluate: REPLServer['eval']
  #last: Promise<unknown> = Promise.resolve()
  /** Fails the script that is being run. */
  #fail: Fail | undefined
  /** Gives up waiting for what a script came to. */
  #interrupt: (() => void) | undefined

  /** With these names. `onOutput`: told what a script prints that nobody waits for. */
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
    const { start } = await import('node:repl') // not before: it changes every EventEmitter of the process, for its domains
    return new Evaluator(start({ ...options, breakEvalOnSigint: true }), names)
  }

  private constructor(repl: REPLServer, names: object) {
    this.repl = repl
    this.#evaluate = repl.eval
    this.#listenFirst(repl, 'SIGINT', () => this.#interrupt)
    this.#call('process.domain', (_, domain) => {
      // What is thrown at once goes to the console's domain, which would print it. Younger consoles have none.
      if (domain) this.#listenFirst(domain as Domain, 'error', () => this.#fail)
    })
    Object.assign(repl.context, names)
  }

  /** Events go to `own`, if there is one when they come, and otherwise where they went before. */
  #listenFirst(emitter: REPLServer | Domain, event: string, own: () => Listener | undefined): void {
    const usual = emitter.listeners(event) as Listener[]
    emitter.removeAllListeners(event)
    emitter.on(event, (...args: unknown[]) => {
      const first = own()
      for (const listener of first ? [first] : usual) listener.apply(emitter, args)
    })
  }

  /** Resolves with what the last expression comes to. Rejects with what is thrown: see {@link isIncompleteInput}. */
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
   * Without the process's own listeners for as long as the script keeps the process to itself: Node takes them away too late, and
   * with them the handler that was to end the script.
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

/** Whether the script ended before it was over: it goes on in the next line. */
export function isIncompleteInput(error: unknown): error is Error & { readonly err: Error } {
  return error instanceof Error && error.name === 'SyntaxError' && 'err' in error // Node's `Recoverable`
}

function wasInterrupted(error: unknown): boolean {
  return types.isNativeError(error) && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED'
}
