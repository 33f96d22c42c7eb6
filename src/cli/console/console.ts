/**
 * Console of `attach`: JavaScript with the namespaces of a node as objects.
 * @module
 */
import { chmod, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { REPLServer } from 'node:repl'
import { inspect } from 'node:util'
import { z } from 'zod'
import { describeError } from '../../base/errors.ts'
import { printable } from '../../node/index.ts'
import { type RpcClient, RpcConnectionError, type RpcSubscription } from '../../rpc/index.ts'
import { Evaluator, isIncompleteInput, ScriptInterruptedError } from './evaluator.ts'
import { namespaceOf } from './namespaces.ts'

/** Lines that the history keeps. */
const HISTORY_SIZE = 1_000

/** The part of an OpenRPC document that is read. */
const description = z.object({
  methods: z.array(z.object({ name: z.string(), 'x-subscription': z.unknown().optional() })),
})

/** Receives output, line by line. */
type Print = (line: string) => void

/** Console of a node: `eth.getBlockByNumber('latest', false)`, or `eth.blockNumber` for a method without parameters. */
export class NodeConsole {
  readonly #client: RpcClient
  readonly #names: Readonly<Record<string, object>>
  /** BOUNDED: by the subscriptions that the user opens. */
  readonly #subscriptions = new Set<RpcSubscription<unknown>>()

  /** Reads the namespaces and methods of the node. */
  static async open(client: RpcClient): Promise<NodeConsole> {
    const modules = Object.keys(await client.modules())
    const document = await client.call('rpc.discover').catch(() => undefined) // go-ethereum does not have the method
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

  /** Names that a script can use. */
  get globals(): Readonly<Record<string, unknown>> {
    const call = (method: string, ...params: unknown[]) => this.#client.call(method, params)
    return {
      ...this.#names,
      rpc: Object.defineProperties(call, Object.getOwnPropertyDescriptors(this.#names.rpc ?? {})),
      subscribe: (namespace: string, ...params: unknown[]) => {
        const subscription = this.#client.subscribe(namespace, params)
        this.#subscriptions.add(subscription)
        return subscription
      },
    }
  }

  /**
   * Runs a script and resolves with the value of its last expression. Rejects with the signal's reason when it aborts.
   */
  async run(script: string, print: Print, signal?: AbortSignal): Promise<unknown> {
    using evaluator = await this.#silentEvaluator(print)
    try {
      return await this.#orAbort(evaluator.run(script), signal)
    } catch (error) {
      throw isIncompleteInput(error) ? error.err : error
    }
  }

  /** Runs lines without a prompt. An expression may span several lines; one that fails does not end the run. */
  async runLines(lines: AsyncIterable<string>, print: Print, signal?: AbortSignal): Promise<void> {
    using evaluator = await this.#silentEvaluator(print)
    let script = ''
    for await (const line of lines) {
      if (script === '' && line.trim() === 'exit') return
      script += `${line}\n`
      try {
        const value = await this.#orAbort(evaluator.run(script), signal)
        if (value !== undefined) print(formatValue(value, false))
      } catch (error) {
        if (signal?.aborted) throw error
        if (isIncompleteInput(error)) continue
        print(formatError(error))
      }
      script = ''
    }
  }

  #silentEvaluator(print: Print): Promise<Evaluator> {
    return Evaluator.silent({ ...this.globals, console: consoleFor(print, false) }, (text) => {
      if (text.trim() !== '') print(printable(text.trimEnd()))
    })
  }

  async #orAbort(result: Promise<unknown>, signal: AbortSignal | undefined): Promise<unknown> {
    let stop: (() => void) | undefined
    const aborted = new Promise<never>((_, reject) => {
      stop = () => reject(signal?.reason)
      if (signal?.aborted) stop()
      else signal?.addEventListener('abort', stop, { once: true })
    })
    try {
      return await Promise.race([result, aborted])
    } finally {
      if (stop) signal?.removeEventListener('abort', stop)
      if (signal?.aborted) this.#unsubscribe()
    }
  }

  /** Ends the loops over subscriptions, the only part of a running script that can be ended. */
  #unsubscribe(): void {
    for (const subscription of this.#subscriptions) void subscription.return()
    this.#subscriptions.clear()
  }

  /** Runs an interactive console. Resolves when the user ends it. */
  async interact(options: InteractOptions): Promise<void> {
    const { input, output, colors, history, signal } = options
    const writer = (value: unknown): string => formatValue(value, colors)
    const shown = { prompt: '> ', terminal: true, ignoreUndefined: true, useColors: colors, writer }
    const quiet = { preview: false, completer: (line: string) => complete(line, this.globals) } // a preview would call the node at each key
    const print: Print = (line) => void output.write(`${line}\n`)
    const names = { ...this.globals, console: consoleFor(print, colors) }
    using evaluator = await Evaluator.start(names, { ...shown, ...quiet, input, output })
    const { repl } = evaluator
    Object.defineProperty(repl, 'eval', { value: this.#evalFunction(evaluator, signal) })
    if (history !== undefined) await keepHistory(repl, history)
    await new Promise<void>((resolve) => {
      repl.once('exit', resolve)
      if (signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve(), { once: true }) // the console delays `exit` while it waits
    })
  }

  /** Evaluates input and awaits promises. Prints an error as one line without its stack. */
  #evalFunction(evaluator: Evaluator, signal: AbortSignal): REPLServer['eval'] {
    const { repl } = evaluator
    return (code, _context, _file, done) => {
      if (code.trim() === 'exit') return repl.close()
      evaluator.run(code).then(
        (value) => done(null, value),
        (error: unknown) => {
          if (signal.aborted) return // the console has ended
          if (isIncompleteInput(error)) return done(error, undefined)
          if (error instanceof ScriptInterruptedError) this.#unsubscribe()
          repl.output.write(`${formatError(error)}\n`)
          done(null, undefined)
        },
      )
    }
  }
}

export interface InteractOptions {
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
  readonly colors: boolean
  /** Path of the history file. */
  readonly history: string | undefined
  readonly signal: AbortSignal
}

/** Formats a value for people, on one or several lines. */
export function formatValue(value: unknown, colors: boolean): string {
  if (typeof value === 'string' && !colors) return printable(JSON.stringify(value))
  return inspect(value, { colors, depth: 10, maxArrayLength: 200, maxStringLength: 10_000 })
}

/** `console` object of scripts. */
function consoleFor(print: Print, colors: boolean) {
  const log = (...values: unknown[]): void => {
    print(values.map((value) => (typeof value === 'string' ? printable(value) : formatValue(value, colors))).join(' '))
  }
  return { log, info: log, warn: log, error: log }
}

/** Completes the last word of a line. Returns the candidates and that word. */
function complete(line: string, names: Readonly<Record<string, unknown>>): [string[], string] {
  const [, word = '', owner, part = ''] = /((?:([\w$]+)\.)?([\w$]*))$/.exec(line) ?? []
  const owned = owner === undefined ? names : Object.hasOwn(names, owner) ? (names[owner] as object) : {}
  const hits = Object.keys(owned).filter((name) => name.startsWith(part))
  return [hits.map((name) => (owner === undefined ? name : `${owner}.${name}`)), word]
}

/**
 * Formats an error as one line. Errors of the script's realm are no instances of our Error, and their text has the name
 * already.
 */
function formatError(error: unknown): string {
  if (error instanceof RpcConnectionError) return printable(`Error: ${describeError(error)} (attach again)`)
  if (error instanceof ScriptInterruptedError) return error.message
  return printable(error instanceof Error ? `Error: ${describeError(error)}` : String(error))
}

async function keepHistory(repl: REPLServer, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true }).catch(() => {})
  await new Promise<void>((resolve) => {
    process.env.NODE_REPL_HISTORY_SIZE ??= String(HISTORY_SIZE)
    repl.setupHistory(path, () => resolve()) // the console works without a history, too
  })
  await chmod(path, 0o600).catch(() => {})
}
