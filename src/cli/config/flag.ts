/**
 * What an entry of the flag table says, and what follows from its name: `--http.addr`, `PEERLOOM_HTTP_ADDR`, and the key
 * `addr` of the table `[http]` in a file.
 * @module
 */
import type { OptionPath } from './option-path.ts'
import type { ValueType } from './value-type.ts'

/** In the order of the help. */
export const CATEGORIES = ['ETHEREUM', 'NETWORKING', 'API AND CONSOLE', 'LOGGING AND DEBUGGING', 'MISC'] as const

export type Category = (typeof CATEGORIES)[number]

/** Where a value can come from besides the command line: `settings` from both, `variable` not from a file. */
export type Reach = 'settings' | 'variable' | 'command line'

export interface FlagOptions<T> {
  /** Path of the option it sets; undefined for one that the commands themselves read. */
  readonly option?: OptionPath
  /** The option's value, where it is not the flag's. */
  toOption?(value: T): unknown
  readonly category: Category
  readonly type: ValueType<T>
  /** One line, beginning with a small letter. */
  readonly help: string
  /** What the help shows for the default where the value itself would not do. */
  readonly defaultText?: string
  /** @default 'settings' */
  readonly reach?: Reach
  /** Other names on the command line, without `--`; hidden. */
  readonly aliases?: readonly string[]
  /** Each of these values is a switch of its own, too: `--sepolia` is `--network sepolia`. */
  readonly switches?: readonly string[]
  /** Never shown. */
  readonly secret?: true
}

/** `T` has undefined in it where there is no default. */
export interface Flag<T> extends Omit<FlagOptions<NonNullable<T>>, 'reach'> {
  readonly fallback: T
  readonly reach: Reach
}

/** One that always has a value. */
export function flag<T extends {}>(options: FlagOptions<T> & { readonly fallback: NoInfer<T> }): Flag<T> {
  return { reach: 'settings', ...options }
}

/** One that is undefined until somebody says it. */
export function optionalFlag<T extends {}>(options: FlagOptions<T>): Flag<T | undefined> {
  return { reach: 'settings', ...options, fallback: undefined }
}

export const VARIABLE_PREFIX = 'PEERLOOM_'

export function variableOf(name: string): string {
  return VARIABLE_PREFIX + name.toUpperCase().replace(/[.-]/g, '_')
}

/** A switch beside a table of its name, such as `http` beside `http.addr`, is that table's key `enabled`. */
export function keyOf(name: string, names: readonly string[]): string {
  return names.some((other) => other.startsWith(`${name}.`)) ? `${name}.enabled` : name
}
