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

/** Sources that a flag's value is read from; `all` are the command line, the environment and a file. */
export type FlagSources = 'all' | 'command line and environment' | 'command line'

/** A flag without its place in the help. `T` has undefined in it where there is no default. */
export interface FlagEntry<T> {
  readonly type: ValueType<NonNullable<T>>
  readonly fallback: T
  /** Path of the option it sets; undefined for one that the commands themselves read. */
  readonly option?: string
  /** The option's value, where it is not the flag's. */
  toOption?(value: NonNullable<T>): NonNullable<T>
  /** One line, beginning with a small letter. */
  readonly help: string
  /** What the help shows for the default where the value itself would not do. */
  readonly defaultText?: string
  readonly sources: FlagSources
  /** Other names on the command line, without `--`; hidden. */
  readonly aliases?: readonly string[]
  /** Each of these values is a switch of its own, too: `--sepolia` is `--network sepolia`. */
  readonly switches?: readonly string[]
  /** Never shown. */
  readonly secret?: true
}

export interface Flag<T> extends FlagEntry<T> {
  readonly category: Category
}

/** A flag whose value can be of any type. */
export type AnyFlag = Flag<NonNullable<unknown> | undefined>

interface FlagOptions<T> extends Omit<FlagEntry<T>, 'option' | 'sources' | 'fallback'> {
  readonly option?: OptionPath<NoInfer<T>>
  /** @default 'all' */
  readonly sources?: FlagSources
}

/** One that always has a value. */
export function flag<T extends {}>(options: FlagOptions<T> & { readonly fallback: NoInfer<T> }): FlagEntry<T> {
  return { sources: 'all', ...options }
}

/** One that is undefined until somebody says it. */
export function optionalFlag<T extends {}>(options: FlagOptions<T>): FlagEntry<T | undefined> {
  return { sources: 'all', ...options, fallback: undefined }
}

/** The flags of one table, all in one category of the help. */
export function inCategory<F extends Record<string, FlagEntry<AnyFlag['fallback']>>>(
  category: Category,
  flags: F,
): { readonly [N in keyof F]: F[N] & { readonly category: Category } } {
  const entries = Object.entries(flags).map(([name, entry]) => [name, { ...entry, category }])
  return Object.fromEntries(entries) as never
}

export const VARIABLE_PREFIX = 'PEERLOOM_'

export function variableOf(name: string): string {
  return VARIABLE_PREFIX + name.toUpperCase().replace(/[.-]/g, '_')
}

/** A switch beside a table of its name, such as `http` beside `http.addr`, is that table's key `enabled`. */
export function keyOf(name: string, names: readonly string[]): string {
  return names.some((other) => other.startsWith(`${name}.`)) ? `${name}.enabled` : name
}
