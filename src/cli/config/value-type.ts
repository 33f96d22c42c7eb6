/**
 * Types of flag values. Every source passes a value on as text: a list as items between commas, a switch as `true` or
 * `false`.
 * @module
 */
import { bytesTo0x } from '../../base/bytes.ts'
import type { NodeKey } from '../../identity/index.ts'
import { LOG_LEVELS, type Verbosity } from '../../node/index.ts'
import {
  parseHash,
  parseLevel,
  parseModuleLevels,
  parseNode,
  parseOneOf,
  parsePath,
  parseRanges,
  parseSecretKey,
  parseSwitch,
  parseWhole,
} from './parse.ts'

export interface ValueType<T> {
  /** Placeholder after the flag: `<number>`; empty for a switch, which takes no value. */
  readonly placeholder: string
  /** Concatenates the items of several uses. */
  readonly list?: true
  /** Throws a ConfigError that names `name`. */
  parse(name: string, text: string): T
  /** Formats the value for people. */
  show(value: T): string
  /** All values, for completion. */
  readonly choices?: readonly string[]
  readonly completes?: 'file' | 'folder'
}

const asIs = String

export const switchType: ValueType<boolean> = { placeholder: '', parse: parseSwitch, show: asIs }

export function textType(what: string, completes?: 'file' | 'folder'): ValueType<string> {
  const parse = (_name: string, text: string): string => text
  return { placeholder: `<${what}>`, parse, show: asIs, ...(completes && { completes }) }
}

export const fileType = textType('file', 'file')
export const folderType = textType('folder', 'folder')

export function wholeType(min: number, max: number = Number.MAX_SAFE_INTEGER): ValueType<number> {
  return { placeholder: '<number>', parse: (name, text) => parseWhole(name, text, min, max), show: asIs }
}

export const portType = wholeType(0, 65_535)

export const hashType: ValueType<Uint8Array> = { placeholder: '<hash>', parse: parseHash, show: bytesTo0x }

export const pathType: ValueType<string> = { placeholder: '<path>', parse: parsePath, show: asIs }

export const secretKeyType: ValueType<NodeKey> = { placeholder: '<hex>', parse: parseSecretKey, show: () => '[secret]' }

/** `synonyms`: words that are read as one of the choices. */
export function oneOfType<T extends string>(
  what: string,
  choices: readonly T[],
  synonyms: Readonly<Record<string, NoInfer<T>>> = {},
): ValueType<T> {
  const words = new Map(Object.entries(synonyms))
  const parse = (name: string, text: string): T => words.get(text) ?? parseOneOf(name, text, choices)
  return { placeholder: `<${what}>`, parse, show: asIs, choices }
}

export const levelType: ValueType<Verbosity> = {
  placeholder: '<level>',
  parse: parseLevel,
  show: asIs,
  choices: LOG_LEVELS,
}

export const moduleLevelsType: ValueType<string> = { placeholder: '<pattern>', parse: parseModuleLevels, show: asIs }

/** A list of items between commas; empty text is an empty list. */
export function listType(
  what: string,
  parseItem: (name: string, text: string) => string = (_name, text) => text,
): ValueType<readonly string[]> {
  const parse = (name: string, text: string): string[] => itemsOf(text).map((item) => parseItem(name, item))
  return { placeholder: `<${what},…>`, list: true, parse, show: (items) => items.join(',') }
}

export const nodesType = listType('enode', parseNode)
export const rangesType = listType('cidr', parseRanges)

function itemsOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}
