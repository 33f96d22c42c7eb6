/** Programs that print one JSON object a line: started, waited for, and ended with this process. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** Those that are running, to be ended with us. */
const running = new Set()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))

const KEPT_LINES = 30

export class Program {
  /** Resolves with the exit code when it has ended. */
  exited
  #child
  #name
  #tail = []
  #waiting = new Set()

  /** `onLine` gets each line of both outputs as it comes; with `listens` it can be told something. */
  constructor(command, args, { env, onLine, listens } = {}) {
    this.#name = `${command.split('/').at(-1)} ${args.slice(0, 2).join(' ')}`
    this.#child = spawn(command, args, {
      stdio: [listens ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
    running.add(this.#child)
    this.#child.stdin?.on('error', () => {}) // it has ended: `first` says so
    for (const input of [this.#child.stdout, this.#child.stderr]) {
      createInterface({ input }).on('line', (line) => this.#take(line, onLine))
    }
    this.exited = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#take(String(error), onLine)
        resolve(-1)
      })
      this.#child.once('close', (code) => resolve(code ?? -1))
    })
    void this.exited.then(() => running.delete(this.#child))
  }

  get pid() {
    return this.#child.pid
  }

  /** Returns the first value that `pick` makes of a line; rejects when the program ends before, or after `timeout` ms. */
  first(pick, timeout = 120_000) {
    return new Promise((resolve, reject) => {
      const watcher = (line) => {
        const picked = pick(line)
        if (picked !== undefined) settle(() => resolve(picked))
      }
      const settle = (end) => {
        clearTimeout(timer)
        this.#waiting.delete(watcher)
        end()
      }
      const timer = setTimeout(() => settle(() => reject(this.failure(`no answer in ${timeout} ms`))), timeout)
      this.#waiting.add(watcher)
      void this.exited.then((code) => settle(() => reject(this.failure(`ended with ${code}`))))
    })
  }

  /** Writes a line to its input. */
  tell(line) {
    this.#child.stdin.write(`${line}\n`)
  }

  failure(why) {
    return new Error(`${this.#name}: ${why}${this.#tail.map((line) => `\n    ${line}`).join('')}`)
  }

  /** SIGINT, then SIGKILL after `patience` ms; resolves when it is gone. */
  async stop(patience = 10_000) {
    this.#child.kill('SIGINT')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), patience)
    await this.exited
    clearTimeout(timer)
  }

  #take(line, onLine) {
    if (this.#tail.push(line) > KEPT_LINES) this.#tail.shift()
    onLine?.(line)
    for (const watcher of [...this.#waiting]) watcher(line)
  }
}

/** The JSON object a line holds; undefined when it is something else. */
export function jsonOf(line) {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** Runs a program to its end; rejects with its output when it fails. */
export async function runToEnd(command, args, options) {
  const program = new Program(command, args, options)
  const code = await program.exited
  if (code !== 0) throw program.failure(`ended with ${code}`)
}
