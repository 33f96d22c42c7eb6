/**
 * Options of the node and its worlds from the flags: each value is written to the option path in its flag's entry.
 * @module
 */
import { FLAG_NAMES, flagOf } from '../flags/index.ts'
import type { Config } from './config.ts'
import { dataDirOf } from './data-dir.ts'
import type { Settings } from './option-path.ts'

/** Writes the value of every flag that has an option path; undefined values are left out. */
export function settingsOf(config: Config): Settings {
  const settings: Tree = {}
  for (const name of FLAG_NAMES) {
    const { option, toOption } = flagOf(name)
    const value = config.get(name)
    if (option !== undefined && value !== undefined) put(settings, option.split('.'), toOption?.(value) ?? value)
  }
  return { ethereum: {}, ...settings, dataDir: dataDirIn(config) }
}

/** Absolute path of the data folder. */
export function dataDirIn(config: Config): string {
  return dataDirOf(config.get('datadir'), config.get('network'))
}

interface Tree {
  [key: string]: unknown
}

function put(tree: Tree, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) tree[key] = value
  else {
    tree[key] ??= {}
    put(tree[key] as Tree, rest, value)
  }
}
