/**
 * Converts the error of a command to an exit code and one line.
 * @module
 */
import { CommanderError } from 'commander'
import { ConfigError, describeError, PeerloomError, StorageError } from '../base/errors.ts'
import { printable, ServiceError } from '../node/index.ts'
import { RpcError, RpcErrorCode } from '../rpc/index.ts'
import { InterruptedError } from './interruption.ts'

export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const

export interface Failure {
  readonly exitCode: number
  readonly code: string
  /** `--port: invalid value "70000" (…)`; empty when nothing is to be printed. */
  readonly message: string
}

const HINTS: Readonly<Record<string, string>> = {
  ERR_STORAGE_LOCKED: 'stop that process first, or choose another --datadir',
  ERR_STORAGE_CORRUPT: 'choose another --datadir, or remove this one and sync again',
  ERR_STORAGE_DENIED: 'choose another --datadir, or check the owner and the mount options of this one',
  ERR_STORAGE_FULL: 'free some disk space, then start again: it resumes where it stopped',
}

/**
 * Maps the path of an option to the name by which the user set it: a flag, a variable, a key of a file. Undefined for
 * any other field.
 */
export type OptionNameOf = (field: string) => string | undefined

export function failureOf(error: unknown, nameOf: OptionNameOf): Failure {
  if (error instanceof InterruptedError) return { exitCode: EXIT.interrupted, code: error.code, message: '' }
  if (error instanceof ServiceError && error.cause instanceof PeerloomError) {
    const { service, cause } = error
    return failureOf(cause, (field) => nameOf(`${service}.${field}`) ?? nameOf(field))
  }
  if (error instanceof CommanderError) return { exitCode: EXIT.usage, code: 'ERR_USAGE', message: usageMessage(error) }
  if (error instanceof ConfigError)
    return { exitCode: EXIT.usage, code: error.code, message: configMessage(error, nameOf) }
  if (!(error instanceof PeerloomError)) {
    return { exitCode: EXIT.failed, code: 'ERR_UNKNOWN', message: oneLine(describeError(error)) }
  }
  if (error.code === 'ERR_OUTPUT') return { exitCode: EXIT.failed, code: error.code, message: '' }
  const missing = error instanceof RpcError && error.errorCode === RpcErrorCode.MethodNotFound
  const hint = missing ? 'over HTTP and WebSocket a node offers what --http.api and --ws.api name' : HINTS[error.code]
  const text = error instanceof StorageError ? error.message : describeError(error)
  return { exitCode: EXIT.failed, code: error.code, message: oneLine(hint ? `${text} (${hint})` : text) }
}

function configMessage(error: ConfigError, nameOf: OptionNameOf): string {
  const name = nameOf(error.field)
  return oneLine(name === undefined ? error.message : error.withField(name).message)
}

/** Converts Commander's `error: unknown option '--x'\n(Did you mean --y?)` to our form. */
function usageMessage({ code, message }: CommanderError): string {
  const text = message.replace(/^error: /, '')
  const [first = '', suggestion] = text.split('\n')
  const quoted = /'([^']*)'/.exec(first)?.[1]
  const name = quoted?.split(/[ ,=]/).find((word) => word.startsWith('-')) ?? quoted
  const hint = suggestion ? suggestion.replace(/^\(D/, '(d').replace(/\?\)$/, '?)') : undefined
  const other = /with option '(--[a-z-]+)/.exec(first)?.[1]
  if (name && other) return `${name}: cannot be used with ${other}`
  const what = USAGE_ERRORS[code]
  return oneLine(what && name ? `${name}: ${what}${hint ? ` ${hint}` : ` (${HELP_HINT})`}` : text)
}

const HELP_HINT = 'see --help'

const USAGE_ERRORS: Readonly<Record<string, string>> = {
  'commander.unknownOption': 'unknown option',
  'commander.unknownCommand': 'unknown command',
  'commander.missingArgument': 'missing argument',
  'commander.optionMissingArgument': 'missing value',
  'commander.missingMandatoryOptionValue': 'is required',
  'commander.excessArguments': 'too many arguments',
  'commander.conflictingOption': 'cannot be used with the other options',
}

function oneLine(text: string): string {
  return printable(text.replace(/\s*\n\s*/g, ' '))
}
