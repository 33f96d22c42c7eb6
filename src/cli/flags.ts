/**
 * The flags that commands share, and how their values are read. What does not read is a ConfigError that names the flag.
 * @module
 */
import { Option } from 'commander'
import { hexToBytes } from '../base/bytes.ts'
import { ConfigError } from '../base/errors.ts'
import type { LogLevel } from '../base/log.ts'
import { type Genesis, NETWORK_NAMES, type NetworkName, networkGenesis } from '../ethereum/chain/index.ts'
import { parseEnode } from '../identity/index.ts'
import { LOG_LEVELS, readGenesisFile } from '../node/index.ts'

/** What every command takes. */
export interface CommonOptions {
  readonly json?: true
  readonly verbosity?: LogLevel | 'silent'
  readonly logFormat?: 'text' | 'json'
}

export const commonOptions = (): Option[] => [
  new Option('--json', 'one JSON object a line on stdout, the last one the result; the log is JSON too'),
  new Option(
    '--log-level, --verbosity <level>',
    `the least that is logged: ${LOG_LEVELS.join(', ')}, or 0 to 5 (default: warn, or info in place of a progress bar)`,
  ).argParser((text) => parseLevel(text)),
  new Option('--log-format <form>', 'text or json').argParser((text) =>
    parseOneOf('--log-format', text, ['text', 'json']),
  ),
]

export const datadirOption = (): Option =>
  new Option('--datadir <folder>', 'where the node keeps its key and its chain')

export const genesisOption = (): Option =>
  new Option('--genesis <file>', "the chain's genesis.json, as go-ethereum has it; needed once").conflicts('network')

export const networkOption = (): Option =>
  new Option('--network <name>', `a chain that is built in: ${NETWORK_NAMES.join(', ')}`).argParser((text) =>
    parseOneOf('--network', text, NETWORK_NAMES),
  )

export const portOption = (fallback: number, note = ''): Option =>
  new Option('--port <number>', `TCP port to listen on; 0 takes a free one${note}`)
    .argParser((text) => parseWhole('--port', text, 0, 65_535))
    .default(fallback)

export const hostOption = (): Option =>
  new Option('--host <address>', 'address to listen on').argParser((text) => text).default('0.0.0.0')

export const maxPeersOption = (): Option =>
  new Option('--max-peers <number>', 'peers at most')
    .argParser((text) => parseWhole('--max-peers', text, 1, 10_000))
    .default(50)

export const peerOption = (): Option =>
  new Option('--peer <enode>', 'a node to keep connected to; may be given several times')
    .argParser((text, previous: readonly string[] | undefined) => [...(previous ?? []), parseNode('--peer', text)])
    .default([], 'none')

/** Which chain a data folder is for. */
export interface ChainOptions extends CommonOptions {
  readonly datadir?: string
  readonly genesis?: string
  readonly network?: NetworkName
}

/** The chain that was named; undefined when none was: the data folder knows then. */
export async function chainOf({ genesis, network }: ChainOptions): Promise<Genesis | undefined> {
  if (network !== undefined) return networkGenesis(network)
  return genesis === undefined ? undefined : await readGenesisFile(genesis)
}

/** A flag the command does not work without. */
export function required<T>(flag: string, value: T | undefined, what: string): T {
  if (value !== undefined) return value
  throw new ConfigError(flag, 'is needed', { hint: what })
}

/** Decimal, from `min` to `max`. */
export function parseWhole(flag: string, text: string, min: number, max: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  const hint =
    max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min} up` : `a whole number from ${min} to ${max}`
  throw new ConfigError(flag, `${JSON.stringify(text)} does not do`, { hint })
}

/** 32 bytes as hex, with or without 0x. */
export function parseHash(flag: string, text: string): Uint8Array {
  if (/^(0x)?[0-9a-fA-F]{64}$/.test(text)) return hexToBytes(text)
  throw new ConfigError(flag, `${JSON.stringify(text)} is not a block hash`, {
    hint: '64 hex digits, with or without 0x',
  })
}

/** The URL as it came, when it is one of a node that can be dialed. */
export function parseNode(flag: string, text: string): string {
  const node = blaming(flag, () => parseEnode(text))
  if (node.tcpPort > 0) return text
  throw new ConfigError(flag, 'the node listens on no TCP port', {
    hint: 'the form is enode://<128 hex digits>@<host>:<port>',
  })
}

function parseOneOf<T extends string>(flag: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((each) => each === text)
  if (choice !== undefined) return choice
  throw new ConfigError(flag, `${JSON.stringify(text)} does not do`, { hint: `one of ${choices.join(', ')}` })
}

/** By name, or by go-ethereum's numbers. */
export function parseLevel(text: string): LogLevel | 'silent' {
  return LOG_LEVELS[/^[0-5]$/.test(text) ? Number(text) : -1] ?? parseOneOf('--verbosity', text, LOG_LEVELS)
}

/** Has a ConfigError of a lower room name the flag the value came from. */
function blaming<T>(flag: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigError(flag, error.message.replace(`${error.field}: `, ''), { cause: error })
  }
}

/** {@link blaming}, for what takes time. */
export async function blamingAsync<T>(flag: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    return blaming(flag, () => {
      throw error
    })
  }
}
