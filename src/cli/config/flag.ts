/**
 * Entries of the flag table, and the names that follow from a flag's: `--http.addr`, `PEERLOOM_HTTP_ADDR`, and the key
 * `addr` of the table `[http]` in a file.
 * @module
 */
import type { OptionPath } from './option-path.ts'
import type { ValueType } from './value-type.ts'

/** Categories in the order of the help. */
export const CATEGORIES = ['ETHEREUM', 'NETWORKING', 'API AND CONSOLE', 'LOGGING AND DEBUGGING', 'MISC'] as const

export type Category = (typeof CATEGORIES)[number]

/** Sources that a flag's value is read from; `all` are the command line, the environment and a file. */
export type FlagSources = 'all' | 'command line and environment' | 'command line'

/** A flag without its category. `T` includes undefined when there is no default. */
export interface FlagEntry<T> {
  readonly type: ValueType<NonNullable<T>>
  readonly fallback: T
  /** Path of the option that the flag sets; undefined for a flag that the commands read themselves. */
  readonly option?: string
  /** Converts the flag's value to the option's, where they differ. */
  toOption?(value: NonNullable<T>): NonNullable<T>
  /** One line that begins with a small letter. */
  readonly help: string
  /** Default as the help shows it, where the value itself would mislead. */
  readonly defaultText?: string
  readonly sources: FlagSources
  /** Other names on the command line, without `--`; hidden in the help. */
  readonly aliases?: readonly string[]
  /** Values that are switches, too: `--sepolia` is `--network sepolia`. */
  readonly switches?: readonly string[]
  /** Hides the value in dumps. */
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

/** A flag with a default. */
export function flag<T extends {}>(options: FlagOptions<T> & { readonly fallback: NoInfer<T> }): FlagEntry<T> {
  return { sources: 'all', ...options }
}

/** A flag that is undefined until it is set. */
export function optionalFlag<T extends {}>(options: FlagOptions<T>): FlagEntry<T | undefined> {
  return { sources: 'all', ...options, fallback: undefined }
}

/** Adds the category to the flags of a table. */
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

/**
 * Key of a flag in a file. A switch beside a table of its name, such as `http` beside `http.addr`, is the key `enabled`
 * of that table.
 */
export function keyOf(name: string, names: readonly string[]): string {
  return names.some((other) => other.startsWith(`${name}.`)) ? `${name}.enabled` : name
}
