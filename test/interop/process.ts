import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { systemClock } from '../../src/base/clock.ts'

const keptLines = 200

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface ProcessOptions {
  readonly cwd?: string
  /** Ends the process when it aborts. */
  readonly signal?: AbortSignal
  /** Keep every line of output, not the last 200: for programs that end by themselves. @default false */
  readonly keepAll?: boolean
}

/** A running program whose output is kept, to be waited for and to be shown when something fails. */
export class Process implements AsyncDisposable {
  /** Resolves when the program has ended and its output has been read. Never rejects. */
  readonly exited: Promise<Exit>
  readonly #name: string
  readonly #child: ChildProcess
  /** BOUNDED: the last 200 lines of standard output and error together, unless the caller wants all. */
  readonly #lines: string[] = []
  /** BOUNDED: one for each caller that waits. */
  readonly #watchers = new Set<(line: string) => void>()
  readonly #keptLines: number

  constructor(path: string, args: readonly string[], options: ProcessOptions = {}) {
    this.#name = `${path.split('/').at(-1)} ${args[0] ?? ''}`.trim()
    this.#keptLines = options.keepAll ? Number.POSITIVE_INFINITY : keptLines
    this.#child = spawn(path, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.cwd !== undefined && { cwd: options.cwd }),
    })
    const outputs = [this.#child.stdout, this.#child.stderr].filter((output) => output !== null)
    for (const input of outputs) createInterface({ input }).on('line', (line) => this.#take(line))
    this.exited = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#take(String(error))
        resolve({ code: null, signal: null })
      })
      this.#child.once('close', (code, signal) => resolve({ code, signal }))
    })
    this.#dieWith(options.signal)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get lines(): readonly string[] {
    return this.#lines
  }

  /** An error that shows the end of what the program said. */
  failure(message: string): Error {
    return new Error(`${this.#name}: ${message}\n${this.#lines.join('\n')}`)
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /**
   * The first line that matches, of those said already (the last 200) and those to come.
   * Rejects when the program ends or `timeout` (ms) passes without one.
   */
  waitFor(pattern: RegExp, timeout = 60_000): Promise<RegExpExecArray> {
    for (const line of this.#lines) {
      const match = pattern.exec(line)
      if (match) return Promise.resolve(match)
    }
    return new Promise((resolve, reject) => {
      const watcher = (line: string): void => {
        const match = pattern.exec(line)
        if (match) settle(() => resolve(match))
      }
      const settle = (end: () => void): void => {
        timer.cancel()
        this.#watchers.delete(watcher)
        end()
      }
      const fail = (why: string): void => settle(() => reject(this.failure(`${why} before it said ${pattern}`)))
      const timer = systemClock.setTimer(timeout, () => fail(`${timeout} ms passed`))
      this.#watchers.add(watcher)
      void this.exited.then(() => fail('ended'))
    })
  }

  /** Waits for the end; throws with the output when it is not success. */
  async succeeded(): Promise<void> {
    const { code, signal } = await this.exited
    if (code !== 0) throw this.failure(`ended with ${signal ?? `code ${code}`}`)
  }

  /** SIGINT, and SIGKILL for one that has not ended after 10 seconds. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGINT')
    const timer = systemClock.setTimer(10_000, () => this.kill('SIGKILL'))
    await this.exited
    timer.cancel()
  }

  #take(line: string): void {
    if (this.#lines.push(line) > this.#keptLines) this.#lines.shift()
    for (const watcher of [...this.#watchers]) watcher(line)
  }

  /** No program outlives the test run that started it. */
  #dieWith(signal: AbortSignal | undefined): void {
    const kill = (): void => this.kill('SIGKILL')
    process.once('exit', kill)
    signal?.addEventListener('abort', kill, { once: true })
    if (signal?.aborted) kill()
    void this.exited.then(() => {
      process.off('exit', kill)
      signal?.removeEventListener('abort', kill)
    })
  }
}

/** Runs a program to its successful end. */
export async function runProcess(path: string, args: readonly string[], options?: ProcessOptions): Promise<Process> {
  const running = new Process(path, args, options)
  await running.succeeded()
  return running
}
