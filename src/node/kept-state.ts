/**
 * State of the devp2p server that outlives a restart: scores and bans in `bans.json`, the node's own record in
 * `node.json`. A node without a folder has both in memory.
 * @module
 */
import type { Clock } from '../base/clock.ts'
import { ConfigError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import { Enr, LocalNode, type NodeKey } from '../identity/index.ts'
import { parseReputation, Reputation, type ReputationRecord } from '../pool/index.ts'
import { JsonFile } from '../storage/files/index.ts'
import type { NodeFolder } from './folder.ts'

/** Lists of bans and scores at their limits, with the longest reasons. */
const MAX_BANS_BYTES = 16 * 1024 * 1024
const MAX_RECORD_BYTES = 4 * 1024

export interface KeptStateOptions {
  readonly folder: NodeFolder | undefined
  readonly key: NodeKey
  /** `banTimeout` of the server. */
  readonly banTimeout: number | undefined
  readonly clock: Clock
  readonly log: Logger
}

export class KeptState implements AsyncDisposable {
  readonly reputation: Reputation
  readonly localNode: LocalNode
  readonly #files: readonly AsyncDisposable[]

  /** Never rejects: a damaged file is set aside with a warning. */
  static async open({ folder, key, banTimeout, clock, log }: KeptStateOptions): Promise<KeptState> {
    if (!folder) return new KeptState(new Reputation({ clock, banTimeout }), new LocalNode({ key, clock }), [])
    const bans = await JsonFile.open<ReputationRecord>(folder.file('bans.json'), {
      parse: parseReputation,
      maxBytes: MAX_BANS_BYTES,
      clock,
      log,
    })
    const record = await JsonFile.open<{ readonly record: Enr }>(folder.file('node.json'), {
      parse: parseRecord,
      maxBytes: MAX_RECORD_BYTES,
      clock,
      log,
    })
    const save = (): void => bans.save(() => reputation.toJSON())
    const reputation = new Reputation({ clock, banTimeout, kept: bans.initial, onChange: save })
    const onRecord = (latest: Enr): void => record.save(() => ({ record: latest }))
    const localNode = new LocalNode({ key, clock, kept: record.initial?.record, onRecord })
    return new KeptState(reputation, localNode, [bans, record])
  }

  private constructor(reputation: Reputation, localNode: LocalNode, files: readonly AsyncDisposable[]) {
    this.reputation = reputation
    this.localNode = localNode
    this.#files = files
  }

  /** Writes changes that are not on the disk yet. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#files.map((file) => file[Symbol.asyncDispose]()))
  }
}

function parseRecord(value: unknown): { readonly record: Enr } {
  const text = typeof value === 'object' && value !== null && 'record' in value ? value.record : undefined
  if (typeof text !== 'string') throw new ConfigError('record', 'is not a node record')
  return { record: Enr.parse(text) }
}
