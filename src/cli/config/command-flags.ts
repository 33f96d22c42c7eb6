/**
 * Binds the flag table to Commander: adds a command's options and collects their uses.
 * @module
 */
import { type Command, Option } from 'commander'
import { FLAG_NAMES, type FlagName, flagOf } from '../flags/index.ts'
import type { Defaults } from './config.ts'
import { variableOf } from './flag.ts'
import type { FlagUse } from './read-config.ts'

/**
 * Adds the flags and their aliases to a command. Parsing a command line appends their uses to `uses`. `defaults`:
 * defaults of the command.
 */
export function addFlags(command: Command, names: readonly FlagName[], uses: FlagUse[], defaults: Defaults): void {
  for (const name of names) {
    const { type, category, aliases = [], switches = [] } = flagOf(name)
    /** `text`: value of a flag that is given without one. */
    const add = (flag: string, help?: string, text?: string): Option => {
      const placeholder = text === undefined && type.placeholder ? ` ${type.placeholder}` : ''
      const option = new Option(`--${flag}${placeholder}`, help).hideHelp(help === undefined).helpGroup(category)
      command.addOption(option).on(`option:${flag}`, (value: string | undefined) => {
        uses.push({ name, flag: `--${flag}`, text: text ?? value ?? 'true' })
      })
      return option
    }
    add(name, helpOf(name)).default(undefined, displayedDefault(name, defaults))
    for (const alias of aliases) add(alias)
    for (const value of switches) add(value, `the same as --${name} ${value}`, value)
    if (isSwitch(name)) add(`no-${name}`, undefined, 'false')
  }
}

function helpOf(name: FlagName): string {
  const { help, sources } = flagOf(name)
  return sources === 'command line' ? help : `${help} [$${variableOf(name)}]`
}

/** Default as help and pages show it; undefined when there is none. `defaults`: defaults of the command. */
export function displayedDefault(name: FlagName, defaults: Defaults = {}): string | undefined {
  const { type, fallback, defaultText } = flagOf(name)
  const own = defaults[name]
  if (own === undefined && defaultText !== undefined) return defaultText
  const value = own ?? fallback
  return value === undefined || value === false ? undefined : type.show(value) || undefined
}

/** Replaces go-ethereum's `--http=true` and `--http=false` by Commander's `--http` and `--no-http`. */
export function normalizeSwitches(words: readonly string[]): string[] {
  return words.map((word) => {
    const [, name = '', value] = /^--([^=]+)=(true|false)$/.exec(word) ?? []
    if (!SWITCHES.has(name)) return word
    return value === 'true' ? `--${name}` : `--no-${SWITCHES.get(name)}`
  })
}

/** Names and aliases of all switches, with the name of the flag. */
const SWITCHES: ReadonlyMap<string, FlagName> = new Map(
  FLAG_NAMES.filter(isSwitch).flatMap((name) => [name, ...(flagOf(name).aliases ?? [])].map((each) => [each, name])),
)

function isSwitch(name: FlagName): boolean {
  return flagOf(name).type.placeholder === ''
}
