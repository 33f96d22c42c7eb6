/**
 * File format of scores and bans: `bans.json` of a data folder.
 * @module
 */
import { ConfigError } from '../base/errors.ts'
import type { Ban } from './bans.ts'

/** Ban with its key; `until` is a Unix time in milliseconds. */
export interface BanRecord extends Ban {
  readonly key: string
}

export interface ReputationRecord {
  readonly version: 1
  readonly ids: readonly BanRecord[]
  readonly ips: readonly BanRecord[]
  /** Scores, each as of the Unix time `at`, in milliseconds. */
  readonly scores: readonly { readonly id: string; readonly score: number; readonly at: number }[]
}

/** Most characters of a reason, which may contain text of the remote's. */
export const MAX_REASON_LENGTH = 200
/** Most characters of a key: the longest DNS name, which is longer than an id or an address. */
const MAX_KEY_LENGTH = 253
/** Most consecutive bans of one node that are counted. */
export const MAX_BAN_COUNT = 1_000
/** Most entries of each kind in a file; the lists in memory have lower limits. */
const MAX_ENTRIES = 20_000

/** Validates the content of a file. Throws a ConfigError (`bans`). */
export function parseReputation(value: unknown): ReputationRecord {
  const { version, ids, ips, scores } = objectOf(value)
  if (version !== 1) throw bad(`version ${JSON.stringify(version)}`)
  return {
    version,
    ids: listOf(ids).map(banOf),
    ips: listOf(ips).map(banOf),
    scores: listOf(scores).map((entry) => {
      const { id, score, at } = objectOf(entry)
      return {
        id: textOf(id, MAX_KEY_LENGTH),
        score: numberOf(score, 0, 100),
        at: numberOf(at, 0, Number.MAX_SAFE_INTEGER),
      }
    }),
  }
}

function banOf(value: unknown): BanRecord {
  const { key, until, reason, code, score, count, node } = objectOf(value)
  return {
    key: textOf(key, MAX_KEY_LENGTH),
    until: numberOf(until, 0, Number.MAX_SAFE_INTEGER),
    reason: textOf(reason, MAX_REASON_LENGTH),
    score: numberOf(score, 0, 100),
    count: numberOf(count, 1, MAX_BAN_COUNT),
    ...(code !== undefined && { code: textOf(code, MAX_KEY_LENGTH) }),
    ...(node !== undefined && { node: textOf(node, MAX_KEY_LENGTH) }),
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad('not an object')
  return value as Readonly<Record<string, unknown>>
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value) || value.length > MAX_ENTRIES) throw bad('not a list, or too long')
  return value
}

function textOf(value: unknown, maxLength: number): string {
  if (typeof value !== 'string' || value.length > maxLength) throw bad('not a text, or too long')
  return value
}

function numberOf(value: unknown, min: number, max: number): number {
  if (typeof value !== 'number' || !(value >= min && value <= max)) throw bad(`not a number from ${min} to ${max}`)
  return value
}

function bad(what: string): ConfigError {
  return new ConfigError('bans', what)
}
