/**
 * Runs JavaScript as Node's own console does: `await` anywhere, names that stay, Ctrl-C that ends what runs.
 * @module
 */

import type { Domain } from 'node:domain'
import type { REPLServer, ReplOptions } from 'node:repl'
import { PassThrough, Writable } from 'node:stream'
import { types } from 'node:util'

/** Ended by Ctrl-C. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted')
  }
}

export class Evaluator {
  readonly repl: REPLServer
  readonly #evaluate: REPLServer['eval']
  /** Undefined where consoles have none. */
  #domain: Domain | undefined

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
    this.#call('process.domain', (_, domain) => {
      this.#domain = domain as Domain | undefined
    })
    Object.assign(repl.context, names)
  }

  /**
   * Without the process's own listeners for as long as the script keeps the process to itself: Node takes them away too late, and
   * with them the handler that was to end the script.
   */
  #call(code: string, done: (error: Error | null, value: unknown) => void): void {
    const listeners = process.listeners('SIGINT')
    process.removeAllListeners('SIGINT')
    try {
      this.#evaluate.call(this.repl, code, this.repl.context, 'console', done)
    } finally {
      for (const listener of listeners) process.on('SIGINT', listener)
    }
  }

  /** Resolves with the last expression's value, which may be a promise. Rejects with what is thrown: see {@link isUnfinished}. */
  evaluate(code: string): Promise<{ readonly value: unknown }> {
    return this.#catching((resolve, reject) =>
      this.#call(code, (error, value) => {
        if (error) reject(error)
        else resolve({ value })
      }),
    )
  }

  /** What is thrown at once goes to the console's domain, which would print it. */
  async #catching<T>(begin: (resolve: (value: T) => void, reject: (error: unknown) => void) => void): Promise<T> {
    const domain = this.#domain
    const usual = (domain?.listeners('error') ?? []) as ((error: Error) => void)[]
    domain?.removeAllListeners('error')
    try {
      return await new Promise<T>((resolve, reject) => {
        const fail = (error: unknown): void => reject(wasInterrupted(error) ? new Interrupted() : error)
        domain?.on('error', fail)
        begin(resolve, fail)
      })
    } finally {
      domain?.removeAllListeners('error')
      for (const listener of usual) domain?.on('error', listener)
    }
  }

  /** What a promise comes to, unless Ctrl-C is pressed first. The console itself hears no Ctrl-C meanwhile: it would say so. */
  async settled({ value }: { readonly value: unknown }): Promise<unknown> {
    const { repl } = this
    const usual = repl.listeners('SIGINT') as (() => void)[]
    repl.removeAllListeners('SIGINT')
    try {
      return await new Promise((resolve, reject) => {
        repl.once('SIGINT', () => reject(new Interrupted()))
        Promise.resolve(value).then(resolve, reject)
      })
    } finally {
      repl.removeAllListeners('SIGINT')
      for (const listener of usual) repl.on('SIGINT', listener)
    }
  }

  [Symbol.dispose](): void {
    this.repl.close()
  }
}

/** Whether the script ended before it was over: it goes on in the next line. */
export function isUnfinished(error: unknown): error is Error & { readonly err: Error } {
  return error instanceof Error && error.name === 'SyntaxError' && 'err' in error // Node's `Recoverable`
}

function wasInterrupted(error: unknown): boolean {
  return types.isNativeError(error) && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED'
}
