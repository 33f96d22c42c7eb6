/**
 * The console of `attach`: JavaScript, with the namespaces of a node as objects.
 * @module
 */
import { chmod, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { REPLServer } from 'node:repl'
import { inspect, types } from 'node:util'
import { type Context, createContext, runInContext, Script } from 'node:vm'
import { z } from 'zod'
import { describeError } from '../base/errors.ts'
import { printable } from '../node/index.ts'
import type { RpcClient } from '../rpc/index.ts'

/** How many lines the history keeps. */
const HISTORY_SIZE = 1_000
const METHOD = Symbol('peerloom.console.method')

/** What is read of an OpenRPC document. */
const description = z.object({
  methods: z.array(z.object({ name: z.string(), 'x-subscription': z.unknown().optional() })),
})

/** The node as the console has it: `eth.getBlockByNumber('latest', false)`, or `eth.blockNumber` where nothing is needed. */
export class NodeConsole {
  readonly #client: RpcClient
  readonly #names: Readonly<Record<string, object>>

  /** Asks the node what it offers. */
  static async open(client: RpcClient): Promise<NodeConsole> {
    const modules = Object.keys(await client.modules())
    const document = await client.call('rpc.discover').catch(() => undefined) // go-ethereum has no such method
    const all = description.safeParse(document).data?.methods ?? []
    const methods = all.filter((each) => !each['x-subscription']).map(({ name }) => name)
    const namespaces = modules.map((module) => [module, namespaceOf(client, module, methods)] as const)
    return new NodeConsole(client, Object.fromEntries(namespaces))
  }

  private constructor(client: RpcClient, names: Readonly<Record<string, object>>) {
    this.#client = client
    this.#names = names
  }

  get modules(): readonly string[] {
    return Object.keys(this.#names)
  }

  /** What a script can use. */
  get globals(): Readonly<Record<string, unknown>> {
    return {
      ...this.#names,
      rpc: Object.assign((method: string, ...params: unknown[]) => this.#client.call(method, params), this.#names.rpc),
      subscribe: (namespace: string, ...params: unknown[]) => this.#client.subscribe(namespace, params),
    }
  }

  /** Runs a script, which may await, and resolves with what its last expression comes to. */
  async run(script: string, print: (line: string) => void): Promise<unknown> {
    return await this.#evaluate(script, this.#context(print))
  }

  /** Runs what comes line by line, without a prompt: an expression may go over several lines, and one that fails is no end. */
  async runLines(lines: AsyncIterable<string>, print: (line: string) => void): Promise<void> {
    const context = this.#context(print)
    let script = ''
    for await (const line of lines) {
      if (script === '' && line.trim() === 'exit') return
      script += `${line}\n`
      if (isUnfinished(script)) continue
      try {
        const value = await this.#evaluate(script, context)
        if (value !== undefined) print(show(value, false))
      } catch (error) {
        print(asLine(error))
      }
      script = ''
    }
  }

  #context(print: (line: string) => void): Context {
    const log = (...values: unknown[]): void => {
      print(values.map((value) => show(value, false)).join(' '))
    }
    return createContext({ ...this.globals, console: { log } })
  }

  async #evaluate(script: string, context: Context): Promise<unknown> {
    try {
      return await settle(runInContext(script, context))
    } catch (error) {
      if (!isSyntaxError(error) || !script.includes('await')) throw error
      return await settle(runInContext(`(async () => (${script.trim().replace(/;$/, '')}))()`, context))
    }
  }

  /** Reads and answers until the user ends it. Resolves then. */
  async interact(options: InteractOptions): Promise<void> {
    const { input, output, colors, history, signal } = options
    const { start } = await import('node:repl') // not before: it changes every EventEmitter of the process, for its domains
    const repl = start({
      prompt: '> ',
      input,
      output,
      useColors: colors,
      terminal: true,
      ignoreUndefined: true,
      writer: (value) => show(value, colors),
    })
    Object.assign(repl.context, this.globals)
    answerPromises(repl)
    if (history !== undefined) await keepHistory(repl, history)
    const onAbort = (): void => repl.close()
    signal.addEventListener('abort', onAbort, { once: true })
    await new Promise((resolve) => repl.once('exit', resolve))
    signal.removeEventListener('abort', onAbort)
  }
}

export interface InteractOptions {
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
  readonly colors: boolean
  /** File that keeps the lines. */
  readonly history: string | undefined
  readonly signal: AbortSignal
}

/** One line, or many, as people read it. */
export function show(value: unknown, colors: boolean): string {
  if (typeof value === 'string' && !colors) return printable(JSON.stringify(value))
  return inspect(value, { colors, depth: 10, maxArrayLength: 200, maxStringLength: 10_000 })
}

/** A node that does not say what it offers is asked for whatever is named. */
function namespaceOf(client: RpcClient, module: string, methods: readonly string[]): object {
  const call = (name: string) =>
    Object.defineProperty((...params: unknown[]) => client.call(`${module}_${name}`, params), METHOD, { value: true })
  const own = methods.filter((each) => each.startsWith(`${module}_`)).map((each) => each.slice(module.length + 1))
  if (own.length > 0) return Object.fromEntries(own.map((name) => [name, call(name)]))
  return new Proxy({}, { get: (_, name) => (typeof name === 'string' && name !== 'then' ? call(name) : undefined) })
}

/** What it comes to: a method that was only named is called, and what takes time is waited for. */
async function settle(value: unknown): Promise<unknown> {
  return await (typeof value === 'function' && METHOD in value ? value() : value)
}

function answerPromises(repl: REPLServer): void {
  const evaluate = repl.eval
  const own: typeof evaluate = (code, context, file, done) => {
    if (code.trim() === 'exit') return repl.close()
    evaluate.call(repl, code, context, file, (error, value) => {
      if (error)
        return error.name === 'SyntaxError' && 'err' in error ? done(error, undefined) : fail(repl, error, done)
      settle(value).then(
        (result) => done(null, result),
        (failure: unknown) => fail(repl, failure, done),
      )
    })
  }
  Object.defineProperty(repl, 'eval', { value: own })
}

const ENDS_EARLY = /Unexpected end of input|missing \) after argument list|Unterminated template/

/** Whether a script ends before it is over: it goes on in the next line. With `await` only an expression can. */
function isUnfinished(script: string): boolean {
  const objection = objectionTo(script)
  if (objection === undefined || objectionTo(`(async () => (${script}\n))`) === undefined) return false
  return ENDS_EARLY.test(objection) || (script.includes('await') && endsEarly(`(async () => (${script}`))
}

function endsEarly(script: string): boolean {
  return ENDS_EARLY.test(objectionTo(script) ?? '')
}

/** Why it does not compile; undefined when it does. */
function objectionTo(script: string): string | undefined {
  try {
    new Script(script)
    return undefined
  } catch (error) {
    return String(error)
  }
}

function isSyntaxError(error: unknown): boolean {
  return types.isNativeError(error) && error.name === 'SyntaxError' // of the script's realm, not of ours
}

/** What the script itself throws has its name in it; what the node says is an error. */
function asLine(error: unknown): string {
  return printable(error instanceof Error ? `Error: ${describeError(error)}` : String(error))
}

/** Errors are answers here: one line, no stack. */
function fail(repl: REPLServer, error: unknown, done: (error: Error | null, result: unknown) => void): void {
  repl.output.write(`${asLine(error)}\n`)
  done(null, undefined)
}

async function keepHistory(repl: REPLServer, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true }).catch(() => {})
  await new Promise<void>((resolve) => {
    process.env.NODE_REPL_HISTORY_SIZE ??= String(HISTORY_SIZE)
    repl.setupHistory(path, () => resolve()) // without a history the console works as well
  })
  await chmod(path, 0o600).catch(() => {})
}
