/**
 * Table of all flags: the source of the command line, the environment, the file, `--help`, `dumpconfig`, shell
 * completion and docs/flags.md. Each world has its flags in a file of its own.
 * @module
 */
import { type AnyFlag, keyOf, variableOf } from '../config/flag.ts'
import { DEVP2P_FLAGS } from './devp2p.ts'
import { ETHEREUM_FLAGS } from './ethereum.ts'
import { API_FLAGS, FOLDER_FLAGS, LOGGING_FLAGS, MISC_FLAGS } from './node.ts'

export const FLAGS = {
  ...FOLDER_FLAGS,
  ...ETHEREUM_FLAGS,
  ...DEVP2P_FLAGS,
  ...API_FLAGS,
  ...LOGGING_FLAGS,
  ...MISC_FLAGS,
} satisfies Record<string, AnyFlag>

export type FlagName = keyof typeof FLAGS
export type FlagValue<N extends FlagName> = (typeof FLAGS)[N]['fallback']

export const FLAG_NAMES = Object.keys(FLAGS) as readonly FlagName[]

/** Flags that every command takes. */
export const COMMON_FLAGS: readonly FlagName[] = [...(Object.keys(LOGGING_FLAGS) as FlagName[]), 'config', 'json']
/** Flags that name a data folder and its chain. */
export const CHAIN_FLAGS: readonly FlagName[] = ['datadir', 'network', 'genesis']
/** Flags of the node, besides {@link COMMON_FLAGS}. */
export const NODE_FLAGS: readonly FlagName[] = FLAG_NAMES.filter(
  (name) => name !== 'exec' && !COMMON_FLAGS.includes(name),
)

/**
 * Pairs of flags that exclude each other: the one of higher precedence is kept, two of the same precedence are an
 * error.
 */
export const EXCLUSIVE: readonly (readonly [FlagName, FlagName])[] = [
  ['genesis', 'network'],
  ['nodekey', 'nodekeyhex'],
]

/** The entry of a flag, without the type of its value. */
export function flagOf(name: FlagName): AnyFlag {
  return FLAGS[name]
}

/** Flags by their variable. */
export const VARIABLES: ReadonlyMap<string, FlagName> = new Map(
  FLAG_NAMES.filter((name) => flagOf(name).sources !== 'command line').map((name) => [variableOf(name), name]),
)

/** Flags by their dotted key in a file. */
export const KEYS: ReadonlyMap<string, FlagName> = new Map(
  FLAG_NAMES.filter((name) => flagOf(name).sources === 'all').map((name) => [keyOf(name, FLAG_NAMES), name]),
)

/** Flags by the path of their option; maps an error of the library to its flag. */
export const OPTION_FLAGS: ReadonlyMap<string, FlagName> = new Map(
  FLAG_NAMES.flatMap((name) => {
    const { option } = flagOf(name)
    return option === undefined ? [] : [[option, name]]
  }),
)
