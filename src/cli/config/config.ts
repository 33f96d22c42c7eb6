/**
 * Values of all flags with their origins.
 * @module
 */

import { ConfigError } from '../../base/errors.ts'
import { EXCLUSIVE, FLAG_NAMES, type FlagName, type FlagValue, flagOf } from '../flags/index.ts'

/** Sources in ascending precedence. */
const SOURCES = ['default', 'file', 'environment', 'flag'] as const

export interface Origin {
  readonly from: (typeof SOURCES)[number]
  /** `--http.addr`, `PEERLOOM_HTTP_ADDR`, `peerloom.toml: http.addr`; for a default, the flag that would change it. */
  readonly name: string
}

/** A value before it is parsed. */
export interface RawSetting {
  readonly text: string
  readonly origin: Origin
}

export type RawSettings = ReadonlyMap<FlagName, RawSetting>
export type Defaults = { readonly [N in FlagName]?: FlagValue<N> }

interface Entry {
  readonly value: unknown
  readonly origin: Origin
}

export class Config {
  /** BOUNDED: by the flags. */
  readonly #entries: ReadonlyMap<FlagName, Entry>

  /**
   * Merges the sources, in ascending precedence. `defaults` replace those of the flag table. Throws a ConfigError that
   * names the origin of an invalid value, or of one of two values that exclude each other.
   */
  constructor(sources: readonly RawSettings[], defaults: Defaults = {}) {
    const given = new Map<FlagName, RawSetting>()
    for (const source of sources) for (const [name, value] of source) given.set(name, value)
    for (const pair of EXCLUSIVE) resolveConflict(given, pair)
    this.#entries = new Map(FLAG_NAMES.map((name) => [name, entryOf(name, given.get(name), defaults)]))
  }

  get<N extends FlagName>(name: N): FlagValue<N> {
    return this.#entry(name).value as FlagValue<N>
  }

  originOf(name: FlagName): Origin {
    return this.#entry(name).origin
  }

  /** Name of the value's origin, for errors about the value. */
  nameOf(name: FlagName): string {
    return this.#entry(name).origin.name
  }

  #entry(name: FlagName): Entry {
    return this.#entries.get(name) as Entry
  }
}

function entryOf(name: FlagName, given: RawSetting | undefined, defaults: Defaults): Entry {
  const { type, fallback } = flagOf(name)
  if (given) return { value: type.parse(given.origin.name, given.text), origin: given.origin }
  return { value: defaults[name] ?? fallback, origin: { from: 'default', name: `--${name}` } }
}

function resolveConflict(given: Map<FlagName, RawSetting>, pair: readonly [FlagName, FlagName]): void {
  const [one, other] = pair.map((name) => given.get(name))
  if (!one || !other) return
  const ahead = precedenceOf(one) - precedenceOf(other)
  if (ahead === 0) throw new ConfigError(one.origin.name, `cannot be used with ${other.origin.name}`)
  given.delete(ahead > 0 ? pair[1] : pair[0])
}

function precedenceOf({ origin }: RawSetting): number {
  return SOURCES.indexOf(origin.from)
}
