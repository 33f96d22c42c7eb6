/**
 * Runs the program within the test's own process: `main()` with its streams, environment and signals injected. Costs a
 * tenth of a process; what only a process shows (exit codes, real signals, pipes) is in `process.test.ts`.
 * @module
 */
import { type MainOptions, main } from '../../src/cli/index.ts'
import { type Outcome, Output } from './outcome.ts'

export type Env = Readonly<Record<string, string>>

/** One run of the program. Disposing stops it with SIGTERM and waits for its end. */
export class InProcess implements AsyncDisposable {
  readonly done: Promise<Outcome>
  readonly #output = new Output()
  #signal: (name: string) => void = () => {}
  #hasEnded = false

  constructor(words: readonly string[], env: Env = {}) {
    const options: MainOptions = {
      stdout: { write: (text) => this.#output.stdout(text), on: () => undefined },
      stderr: { write: (text) => this.#output.stderr(text), on: () => undefined },
      env,
      onSignals: (listener) => {
        this.#signal = listener
      },
      exit: () => undefined,
    }
    this.done = main(words, options).then((code) => {
      this.#hasEnded = true
      return this.#output.ended(code)
    })
  }

  /** Waits for text on stdout or stderr and returns the match. */
  seen(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#output.seen(pattern)
  }

  kill(signal: NodeJS.Signals): void {
    this.#signal(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) this.#signal('SIGTERM')
    await this.done
  }
}

/** Runs a command line to its end. */
export function run(...words: readonly string[]): Promise<Outcome> {
  return new InProcess(words).done
}
