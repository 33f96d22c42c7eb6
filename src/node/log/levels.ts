/**
 * Log levels: one for all modules, and others for single modules. Both can change while the program runs.
 * @module
 */
import { ConfigError } from '../../base/errors.ts'
import type { LogLevel } from '../../base/log.ts'

/** Levels in go-ethereum's order: the index of a level is its number there. */
export const LOG_LEVELS: readonly (LogLevel | 'silent')[] = ['silent', 'error', 'warn', 'info', 'debug', 'trace']

export type Verbosity = (typeof LOG_LEVELS)[number]

interface ModuleRule {
  readonly pattern: RegExp
  readonly level: Verbosity
}

export class LogLevels {
  #level: Verbosity
  #rules: readonly ModuleRule[] = []
  #pattern = ''
  #generation = 0

  /** Throws a ConfigError (`vmodule`) for an invalid pattern. */
  constructor(options: { readonly verbosity?: Verbosity; readonly vmodule?: string } = {}) {
    this.#level = options.verbosity ?? 'info'
    this.vmodule(options.vmodule ?? '')
  }

  /** Level of modules that no pattern matches. */
  get level(): Verbosity {
    return this.#level
  }

  /** Pattern as given to {@link vmodule}. */
  get pattern(): string {
    return this.#pattern
  }

  /** Counter of changes; it invalidates cached results of {@link levelOf}. */
  get generation(): number {
    return this.#generation
  }

  verbosity(level: Verbosity): void {
    this.#level = level
    this.#generation++
  }

  /**
   * Sets levels of modules, above or below the level for all: `peer=debug,sync=5`. A `*` matches any letters; the last
   * match takes precedence; empty text removes all patterns. Throws a ConfigError (`vmodule`) and changes nothing when
   * the pattern is invalid.
   */
  vmodule(pattern: string): void {
    this.#rules = parseVmodule(pattern)
    this.#pattern = pattern
    this.#generation++
  }

  levelOf(module: string): Verbosity {
    return this.#rules.findLast(({ pattern }) => pattern.test(module))?.level ?? this.#level
  }
}

/** Level by its name or by go-ethereum's number; undefined for any other text. */
export function logLevelOf(text: string): Verbosity | undefined {
  return LOG_LEVELS.find((level, number) => text === level || text === String(number))
}

/** Parses a pattern of levels. Throws a ConfigError (`vmodule`). BOUNDED: by the user's text. */
export function parseVmodule(text: string): readonly ModuleRule[] {
  const parts = text.split(',').map((part) => part.trim())
  return parts.filter((part) => part !== '').map(parseRule)
}

function parseRule(text: string): ModuleRule {
  const [, module = '', levelText = ''] = /^([\w*/.-]+)=(\w+)$/.exec(text) ?? []
  const level = logLevelOf(levelText)
  if (level === undefined) {
    throw new ConfigError('vmodule', `invalid pattern ${JSON.stringify(text)}`, { hint: 'such as peer=debug,sync=5' })
  }
  const source = module.replace(/[.]/g, '\\.').replace(/\*+/g, '.*')
  return { pattern: new RegExp(`^${source}$`), level }
}
