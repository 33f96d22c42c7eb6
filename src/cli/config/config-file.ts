/**
 * Settings from a TOML file. Keys are the flags' names with dots: `[http]`, then `addr = "…"`; the switch `--http` is
 * the key `enabled` of that table.
 * @module
 */
import { readFile } from 'node:fs/promises'
import { parse, TomlError, type TomlTable, type TomlValue } from 'smol-toml'
import { ConfigError } from '../../base/errors.ts'
import { suggestionFor } from '../../base/nearest.ts'
import { type FlagName, KEYS } from '../flags/index.ts'
import type { RawSetting, RawSettings } from './config.ts'

/** Matches the keys in go-ethereum's own config.toml. */
const GETH_TABLE = /^(Node|Eth|Metrics)(\.|$)/

/**
 * Reads the settings of a file. Rejects with a ConfigError that names `source` when the file cannot be read, and the
 * file with its key when a setting is invalid.
 */
export async function readConfigFile(path: string, source: string): Promise<RawSettings> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'does not exist' : `cannot be read (${error.code ?? error.message})`
    throw new ConfigError(source, `${path} ${why}`, { cause: error })
  })
  const given = new Map<FlagName, RawSetting>()
  try {
    collect(parseToml(path, text), path, '', given)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new ConfigError(path, 'tables are nested too deeply', { cause: error })
  }
  return given
}

function parseToml(path: string, text: string): TomlTable {
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const what = error.message.split('\n')[0]?.replace('Invalid TOML document: ', '')
    throw new ConfigError(path, `line ${error.line}, column ${error.column}: ${what}`, { cause: error })
  }
}

/** Adds the settings of a table to `given`. The parser limits the depth of brackets, not that of keys with dots. */
function collect(table: TomlTable, path: string, prefix: string, given: Map<FlagName, RawSetting>): void {
  for (const [part, value] of Object.entries(table)) {
    const key = prefix + part
    const name = `${path}: ${key}`
    const flag = KEYS.get(key)
    if (flag !== undefined) given.set(flag, { text: textOf(name, value), origin: { from: 'file', name } })
    else if (isTable(value) && !isUnknownTable(value, key)) collect(value, path, `${key}.`, given)
    else throw new ConfigError(name, 'unknown key', hintFor(key))
  }
}

/** @returns true if the table is empty and no setting could be in it */
function isUnknownTable(table: TomlTable, key: string): boolean {
  return Object.keys(table).length === 0 && ![...KEYS.keys()].some((each) => each.startsWith(`${key}.`))
}

function hintFor(key: string): { readonly hint?: string } {
  const enabled = `${key}.enabled`
  if (KEYS.has(enabled)) return { hint: `did you mean ${enabled}?` }
  if (GETH_TABLE.test(key)) return { hint: hintForGethKey(key) }
  return suggestionFor(key, KEYS.keys(), '`peerloom dumpconfig` lists them')
}

/** Names the key for one of a file that `geth dumpconfig` writes. */
function hintForGethKey(key: string): string {
  const own = key.slice(key.lastIndexOf('.') + 1).toLowerCase()
  if (KEYS.has(own)) return `the file has go-ethereum's keys: here it is ${own}, outside of a table`
  return "the file has go-ethereum's keys: here they are the flags' names, which `peerloom dumpconfig` lists"
}

/** The value as text, the form in which every source passes it on. */
function textOf(name: string, value: TomlValue): string {
  if (Array.isArray(value)) return value.map((item) => textOf(name, item)).join(',')
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  throw new ConfigError(name, isTable(value) ? 'is a table, not a value' : 'is a date, which no setting takes')
}

function isTable(value: TomlValue): value is TomlTable {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date)
}
