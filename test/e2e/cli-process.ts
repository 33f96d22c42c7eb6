/**
 * Runs the compiled bin, built into a folder of its own, so that no test depends on an old build.
 * @module
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

export interface Built extends Disposable {
  /** Path of bin.js. */
  readonly bin: string
  /** Folder of the package: programs that run in it import `peerloom/rpc` and the others. */
  readonly folder: string
}

/** Compiles src/ beside node_modules, where the dependencies are found. */
export async function buildCli(): Promise<Built> {
  const folder = mkdtempSync(join(root, 'node_modules', '.peerloom-e2e-'))
  const dist = join(folder, 'dist')
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  // Types are checked elsewhere.
  const lean = ['--noCheck', '--declaration', 'false', '--declarationMap', 'false', '--sourceMap', 'false']
  await run(process.execPath, [tsc, '-p', 'tsconfig.build.json', ...lean, '--outDir', dist], { cwd: root })
  await run(process.execPath, [join(root, 'scripts', 'copy-assets.mjs'), dist])
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'))
  return {
    bin: join(dist, 'cli', 'bin.js'),
    folder,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export interface CliOptions {
  readonly cwd: string
  readonly env?: Record<string, string>
  /** All of its stdin. @default nothing */
  readonly input?: string
}

export interface Outcome {
  /** Undefined if a signal ended it. */
  readonly code: number | undefined
  readonly stdout: string
  readonly stderr: string
}

/** Collects both outputs while the program runs. */
class Output {
  readonly #waiting = new Set<() => void>()
  #stdout = ''
  #stderr = ''
  #outcome: Outcome | undefined

  stdout(text: string): void {
    this.#stdout += text
    this.#wake()
  }

  stderr(text: string): void {
    this.#stderr += text
    this.#wake()
  }

  ended(code: number | undefined): Outcome {
    this.#outcome = { code, stdout: this.#stdout, stderr: this.#stderr }
    this.#wake()
    return this.#outcome
  }

  /** Waits for text on stdout or stderr and returns the match. Rejects if the program ends before. */
  async seen(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#stdout) ?? pattern.exec(this.#stderr)
      if (match) return match
      if (this.#outcome) {
        throw new Error(`ended with ${this.#outcome.code} before it said ${pattern}:\n${this.#stdout}\n${this.#stderr}`)
      }
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }
}

/** One run of the program. Disposing kills it. */
export class CliProcess implements AsyncDisposable {
  readonly done: Promise<Outcome>
  readonly #child: ChildProcess
  readonly #output = new Output()

  constructor(bin: string, args: readonly string[], options: CliOptions) {
    const env = { ...process.env, NO_COLOR: '', ...options.env }
    const child = spawn(process.execPath, [bin, ...args], { cwd: options.cwd, env, stdio: 'pipe' })
    this.#child = child
    child.stdin.end(options.input ?? '')
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#output.stdout(text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#output.stderr(text))
    this.done = new Promise((resolve) => {
      child.on('close', (code) => resolve(this.#output.ended(code ?? undefined)))
    })
  }

  /** Runs the text of a module, in a folder from where its imports are found. */
  static ofModule(text: string, options: CliOptions): CliProcess {
    return new CliProcess('--input-type=module', ['--eval', text], options)
  }

  /** Waits for text on stdout or stderr and returns the match. */
  seen(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#output.seen(pattern)
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Reads no more of its stdout, as `head` does. */
  closeStdout(): void {
    this.#child.stdout?.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.done
  }
}

/** The JSON objects of an output, one a line. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
