/**
 * Runs the program's command lines within the test's process.
 * @module
 */
import { Readable } from 'node:stream'
import { type MainOptions, main } from '../../src/cli/index.ts'

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface ProgramOptions extends Partial<MainOptions> {
  /** All of stdin. @default nothing */
  readonly input?: string
}

/** One run of the program. Disposing stops it with SIGTERM and waits for its end. */
export class Program implements AsyncDisposable {
  readonly ended: Promise<Outcome>
  readonly #texts = { stdout: '', stderr: '' }
  /** BOUNDED: by the waits of the test. */
  readonly #waiting = new Set<() => void>()
  #hasEnded = false
  #signal: (name: string) => void = () => {}

  constructor(words: readonly string[], { input = '', ...options }: ProgramOptions = {}) {
    const ran = main(words, {
      stdin: Readable.from(input === '' ? [] : [input]),
      stdout: this.#stream('stdout'),
      stderr: this.#stream('stderr'),
      env: {},
      onSignals: (listener) => {
        this.#signal = listener
      },
      exit: () => undefined,
      ...options,
    })
    this.ended = ran.then((code) => {
      this.#hasEnded = true
      this.#wake()
      return { code, ...this.#texts }
    })
  }

  /** Resolves with the first match in the output. Rejects when the program ends without one. */
  async seen(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#texts.stdout) ?? pattern.exec(this.#texts.stderr)
      if (match) return match
      if (this.#hasEnded) throw new Error(`ended without ${pattern}: ${JSON.stringify(this.#texts)}`)
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  signal(name: string): void {
    this.#signal(name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) this.#signal('SIGTERM')
    await this.ended
  }

  #stream(name: 'stdout' | 'stderr'): MainOptions['stdout'] {
    return {
      write: (text) => {
        this.#texts[name] += text
        this.#wake()
      },
      on: () => undefined,
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }
}

/** Runs a command line to its end. */
export function runProgram(words: readonly string[], options?: ProgramOptions): Promise<Outcome> {
  return new Program(words, options).ended
}
