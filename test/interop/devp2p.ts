import { interopBinary } from '../../scripts/build-interop.mjs'
import { Process, type ProcessOptions, runProcess } from './process.ts'

/** Result of one test of a conformance suite. */
export interface SuiteResult {
  readonly name: string
  readonly ok: boolean
  /** Its output; empty for most that pass. */
  readonly output: string
}

export interface SuiteOptions {
  /** Enode URL of the node under test. */
  readonly node: string
  /** Folder of genesis.json, chain.rlp and what belongs to them; see `hivechainDir`. */
  readonly chainDir: string
  /** Tests that need the engine API fail when there is none. @default a URL where nothing answers */
  readonly engineUrl?: string
  /** 64 hex digits. @default zeros */
  readonly jwtSecret?: string
  /** Regular expression (Go's) of the tests to run. @default all */
  readonly run?: string
  readonly signal?: AbortSignal
}

/** Runs go-ethereum's conformance suite of a protocol against a node. */
export function rlpxSuite(
  suite: 'eth-test' | 'snap-test' | 'snap2-test',
  options: SuiteOptions,
): Promise<SuiteResult[]> {
  const flags = ['--chain', options.chainDir, '--node', options.node]
  flags.push(
    '--engineapi',
    options.engineUrl ?? 'http://127.0.0.1:9',
    '--jwtsecret',
    options.jwtSecret ?? '0'.repeat(64),
  )
  return runSuite(['rlpx', suite, '--tap', ...select(options.run), ...flags], options.signal)
}

/** Runs the discovery v4 suite: `node` is an enode URL. */
export function discv4Suite(options: { node: string; run?: string; signal?: AbortSignal }): Promise<SuiteResult[]> {
  const flags = ['--remote', options.node, '--listen1', '127.0.0.1', '--listen2', '127.0.0.2']
  return runSuite(['discv4', 'test', '--tap', ...select(options.run), ...flags], options.signal)
}

/** Runs the discovery v5 suite: `node` is an ENR as text. */
export function discv5Suite(options: { node: string; run?: string; signal?: AbortSignal }): Promise<SuiteResult[]> {
  const flags = ['--listen1', '127.0.0.1', '--listen2', '127.0.0.2', options.node]
  return runSuite(['discv5', 'test', '--tap', ...select(options.run), ...flags], options.signal)
}

/** Shakes hands and returns the Hello that came, as devp2p prints it. Throws when none comes. */
export async function rlpxPing(node: string): Promise<string> {
  const { lines } = await runProcess(interopBinary('devp2p'), ['rlpx', 'ping', node])
  return lines.join('\n')
}

function select(pattern: string | undefined): string[] {
  return pattern === undefined ? [] : ['--run', pattern]
}

async function runSuite(args: readonly string[], signal: AbortSignal | undefined): Promise<SuiteResult[]> {
  const options: ProcessOptions = signal ? { signal } : {}
  const suite = new Process(interopBinary('devp2p'), args, { ...options, keepAll: true })
  await suite.exited
  const { planned, results } = parseTap(suite.lines)
  if (planned === undefined || results.length !== planned) {
    throw suite.failure(`${results.length} results of ${planned ?? 'an unknown number of'} tests`)
  }
  return results
}

/** Reads the Test Anything Protocol as devp2p writes it: a plan, a line for each test, and its output after it as comments. */
export function parseTap(lines: readonly string[]): { planned: number | undefined; results: SuiteResult[] } {
  const results: { name: string; ok: boolean; output: string }[] = []
  let planned: number | undefined
  for (const line of lines) {
    const plan = /^1\.\.(\d+)$/.exec(line)
    const result = /^(not )?ok \d+ (.+)$/.exec(line)
    const last = results.at(-1)
    if (plan) planned = Number(plan[1])
    else if (result?.[2]) results.push({ name: result[2].trim(), ok: result[1] === undefined, output: '' })
    else if (line.startsWith('#') && last) last.output += `${last.output && '\n'}${line.replace(/^# ?/, '')}`
  }
  return { planned, results }
}
