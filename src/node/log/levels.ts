/**
 * What is logged: a level for all, and others for single modules. Both can be changed while the program runs.
 * @module
 */
import { ConfigError } from '../../base/errors.ts'
import type { LogLevel } from '../../base/log.ts'

/** In go-ethereum's order: a level's place is its number there. */
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

  /** Throws a ConfigError (`vmodule`) for a pattern that is none. */
  constructor(options: { readonly verbosity?: Verbosity; readonly vmodule?: string } = {}) {
    this.#level = options.verbosity ?? 'info'
    this.vmodule(options.vmodule ?? '')
  }

  /** What counts for modules that no pattern names. */
  get level(): Verbosity {
    return this.#level
  }

  /** As it was given to {@link vmodule}. */
  get pattern(): string {
    return this.#pattern
  }

  /** Another number after every change: who keeps what {@link levelOf} said asks again then. */
  get generation(): number {
    return this.#generation
  }

  verbosity(level: Verbosity): void {
    this.#level = level
    this.#generation++
  }

  /**
   * Levels of modules, above or below the level for all: `peer=debug,sync=5`. A `*` stands for any letters; of several that
   * fit the last one counts; no text takes all away. Throws a ConfigError (`vmodule`), and leaves things as they are.
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

/** By name, or by go-ethereum's number; undefined for what is neither. */
export function logLevelOf(text: string): Verbosity | undefined {
  return LOG_LEVELS.find((level, number) => text === level || text === String(number))
}

/** Throws a ConfigError, field `vmodule`. BOUNDED: by what the user writes. */
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
