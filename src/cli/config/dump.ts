/**
 * Writes a configuration as TOML that `--config` reads back, or as an object.
 * @module
 */
import { stringify } from 'smol-toml'
import { type FlagName, flagOf, KEYS } from '../flags/index.ts'
import type { Config, Origin } from './config.ts'
import type { AnyFlag } from './flag.ts'

const HEAD = `# Settings of peerloom, for --config. The comment behind each value names its source.
# A setting without a value is commented out.
`

export function dumpToml(config: Config): string {
  const tables = new Map<string, string[]>([['', []]])
  for (const [key, name] of KEYS) {
    const [last = '', ...prefix] = key.split('.').reverse()
    const table = prefix.reverse().join('.')
    tables.set(table, [...(tables.get(table) ?? []), lineOf(config, name, last)])
  }
  const parts = [...tables].map(([table, lines]) => (table ? `[${table}]\n` : '') + lines.join(''))
  return [HEAD, ...parts].join('\n')
}

/** Values and origins by flag; a value that is not set is null. */
export function dumpObject(config: Config): Readonly<Record<string, object>> {
  const entries = [...KEYS.values()].map((name) => [
    name,
    { value: plainValue(config, name) ?? null, ...config.originOf(name) },
  ])
  return Object.fromEntries(entries) as Record<string, object>
}

function lineOf(config: Config, name: FlagName, key: string): string {
  const value = plainValue(config, name)
  const origin = describe(config.originOf(name))
  if (value === undefined) return `# ${key} =\n`
  if (flagOf(name).secret) return `# ${key} = # ${origin}; a secret is not shown\n`
  return `${stringify({ [key]: value }).trimEnd()} # ${origin}\n`
}

type Plain = string | number | boolean | readonly string[]

/** The value in a form that TOML and JSON have. */
function plainValue(config: Config, name: FlagName): Plain | undefined {
  const value: AnyFlag['fallback'] = config.get(name)
  if (value === undefined) return undefined
  const { type, secret } = flagOf(name)
  if (typeof value === 'number' || typeof value === 'boolean') return value
  return type.list ? (value as readonly string[]) : secret ? '[secret]' : type.show(value)
}

function describe({ from, name }: Origin): string {
  return from === 'default' ? from : `${from} ${name}`
}
