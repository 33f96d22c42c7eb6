/**
 * Runs the compiled bin, built into a folder of its own, so that no test depends on an old build.
 * @module
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Outcome, Output } from './outcome.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

export interface Built extends Disposable {
  /** Path of bin.js. */
  readonly bin: string
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
  return { bin: join(dist, 'cli', 'bin.js'), [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}

export interface CliOptions {
  readonly cwd: string
  readonly env?: Record<string, string>
  /** All of its stdin. @default nothing */
  readonly input?: string
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
