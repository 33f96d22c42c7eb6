/**
 * Reads the configuration from the command line, the environment and a file.
 * @module
 */
import { ConfigError } from '../../base/errors.ts'
import { suggestionFor } from '../../base/nearest.ts'
import { type FlagName, flagOf, VARIABLES } from '../flags/index.ts'
import { Config, type Defaults, type RawSetting, type RawSettings } from './config.ts'
import { readConfigFile } from './config-file.ts'
import { VARIABLE_PREFIX } from './flag.ts'

/** Use of a flag on the command line, in their order. */
export interface FlagUse {
  readonly name: FlagName
  /** The flag as it was written: `--max-peers`. */
  readonly flag: string
  readonly text: string
}

export type Environment = Readonly<Record<string, string | undefined>>

export interface ConfigSources {
  readonly uses: readonly FlagUse[]
  readonly env: Environment
  /** Defaults of the command, which replace those of the flag table. */
  readonly defaults?: Defaults
}

/** Variables of ours that are not settings; the comment names their reader. */
const OTHER_VARIABLES: readonly string[] = [
  'PEERLOOM_CRYPTO', // src/crypto
  'PEERLOOM_FUZZ_SECONDS', // test/fuzz
  'PEERLOOM_TEST_SEED', // test/support
]

/**
 * Merges the sources. Precedence, highest first: flags, variables, the file, defaults. Rejects with a ConfigError that
 * names the flag, the variable or the key that is unknown or invalid.
 */
export async function readConfig({ uses, env, defaults }: ConfigSources): Promise<Config> {
  const flags = fromFlags(uses)
  const variables = fromEnvironment(env)
  const file = flags.get('config') ?? variables.get('config')
  const settings = file ? [await readConfigFile(file.text, file.origin.name)] : []
  return new Config([...settings, variables, flags], defaults)
}

/** Collects flags; the last use takes precedence, but lists are concatenated. */
function fromFlags(uses: readonly FlagUse[]): RawSettings {
  const given = new Map<FlagName, RawSetting>()
  for (const { name, flag, text } of uses) {
    const { type, switches } = flagOf(name)
    const before = given.get(name)
    if (before && switches && before.text !== text && before.origin.name !== flag) {
      throw new ConfigError(flag, `cannot be used with ${before.origin.name}`)
    }
    given.set(name, {
      text: before && type.list ? `${before.text},${text}` : text,
      origin: { from: 'flag', name: flag },
    })
  }
  return given
}

/** Collects variables; an empty one counts as unset. */
function fromEnvironment(env: Environment): RawSettings {
  const given = new Map<FlagName, RawSetting>()
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(VARIABLE_PREFIX) || OTHER_VARIABLES.includes(variable) || !text) continue
    const name = VARIABLES.get(variable)
    if (name === undefined) throw new ConfigError(variable, 'unknown variable', hintFor(variable))
    given.set(name, { text, origin: { from: 'environment', name: variable } })
  }
  return given
}

/** Suggests a variable. The common prefix is left out, because it would make every candidate near. */
function hintFor(variable: string): { readonly hint?: string } {
  const rest = [...VARIABLES.keys()].map((each) => each.slice(VARIABLE_PREFIX.length))
  const { hint } = suggestionFor(variable.slice(VARIABLE_PREFIX.length), rest, '')
  return { hint: hint ? hint.replace('mean ', `mean ${VARIABLE_PREFIX}`) : '`peerloom --help` lists them' }
}
