/**
 * Headers downloaded in reverse, kept in the store until their blocks are stored: a restart continues from them.
 * @module
 */
import { equalBytes } from '../../../base/bytes.ts'
import { CodecError, StorageError } from '../../../base/errors.ts'
import { rlp } from '../../../codec/index.ts'
import type { ChainStore, SyncChanges } from '../../chain/index.ts'
import { Header } from '../../types/index.ts'

/** A range of linked headers, from the lowest number to the highest. */
interface Segment {
  readonly first: number
  readonly last: number
}

const STATE = 'skeleton'
/** Segments of targets that came before an older one was linked; the lowest is dropped. */
const MAX_SEGMENTS = 8
/** Headers cached in memory, some 20 MB: those downloaded last are the first whose blocks are fetched. */
const MAX_RECENT = 8_192
/** Headers deleted in one batch. */
const DROP_BATCH = 8_192

const segmentsCodec: rlp.RlpType<readonly Segment[]> = rlp.list(rlp.struct({ first: rlp.number, last: rlp.number }), {
  max: MAX_SEGMENTS,
})

/**
 * Segments of linked headers, the one of the target on top. It grows downwards and merges with an older segment that it
 * links to. Headers are stored by number, so that segments never overlap.
 */
export class Skeleton {
  readonly #store: ChainStore
  /** Segments in descending order. BOUNDED: {@link MAX_SEGMENTS}. */
  #segments: readonly Segment[]
  /** Cached headers by number. BOUNDED: {@link MAX_RECENT}, the oldest is evicted. */
  readonly #recent = new Map<number, Header>()
  /** Parent of the lowest header of the first segment. */
  #next: Uint8Array | undefined

  constructor(store: ChainStore) {
    this.#store = store
    this.#segments = this.#load()
    this.#next = this.#nextOf(this.#segments[0])
  }

  /** Lowest and highest number of the target's segment; undefined before there is a target. */
  get current(): Segment | undefined {
    return this.#segments[0]
  }

  /** Hash of the next header to download: the parent of the lowest one. */
  get next(): Uint8Array | undefined {
    return this.#next
  }

  /** @returns the number of headers above this number, in all segments. */
  countAbove(number: number): number {
    let count = 0
    for (const { first, last } of this.#segments) count += Math.max(0, last - Math.max(first, number + 1) + 1)
    return count
  }

  /** Highest number of the segment below the target's, to which it may link. */
  get older(): number | undefined {
    return this.#segments[1]?.last
  }

  /** @returns the header of this number. Throws `ERR_STORAGE_CORRUPT` if it is missing. */
  headerAt(number: number): Header {
    const recent = this.#recent.get(number)
    if (recent) return recent
    const raw = this.#store.syncHeader(number)
    if (raw) return Header.decode(raw)
    throw new StorageError('ERR_STORAGE_CORRUPT', '', `header ${number} of the sync is missing`)
  }

  /** Makes this header the target. Headers of its chain are kept. */
  async begin(target: Header): Promise<void> {
    const { number } = target
    const holder = this.#segments.find(({ first, last }) => first <= number && number <= last)
    if (holder && equalBytes(this.headerAt(number).hash, target.hash)) {
      const below = this.#segments.filter(({ last }) => last < holder.first)
      return this.#save([{ first: holder.first, last: number }, ...below])
    }
    const top = { first: number, last: number }
    await this.#save([top, ...below(this.#segments, number)], { addHeaders: [target] })
    await this.#mergeOlder()
  }

  /** Adds headers below the lowest, from the highest down. The caller has checked that all of them link. */
  async prepend(headers: readonly Header[]): Promise<void> {
    const [current, ...older] = this.#segments
    const lowest = headers.at(-1)
    if (!current || !lowest) return
    const segments = [{ first: lowest.number, last: current.last }, ...below(older, lowest.number)]
    await this.#save(segments, { addHeaders: headers }, lowest.parentHash)
    await this.#mergeOlder()
  }

  /** @returns the changes for the batch that stores the blocks up to `number`. To be followed by `stored`. */
  changesFor(number: number): SyncChanges {
    const first = this.#segments[0]?.first ?? number + 1
    return { state: { [STATE]: encode(this.#without(number)) }, dropHeaders: [first, number] }
  }

  /** Drops the headers up to `number`, whose blocks are stored. */
  stored(number: number): void {
    for (let n = this.current?.first ?? number; n <= number; n++) this.#recent.delete(n)
    this.#segments = this.#without(number)
    this.#next = this.#nextOf(this.#segments[0])
  }

  /** Deletes all segments: they are of an invalid chain. */
  async clear(): Promise<void> {
    const segments = this.#segments
    await this.#save([])
    this.#recent.clear()
    for (const { first, last } of segments) {
      for (let from = first; from <= last; from += DROP_BATCH) {
        await this.#store.writeSync({ dropHeaders: [from, Math.min(last, from + DROP_BATCH - 1)] })
      }
    }
  }

  async #mergeOlder(): Promise<void> {
    const [current, older, ...rest] = this.#segments
    if (!current || !older || !this.#next || older.last !== current.first - 1) return
    if (!equalBytes(this.headerAt(older.last).hash, this.#next)) return
    await this.#save([{ first: older.first, last: current.last }, ...rest])
  }

  async #save(segments: readonly Segment[], changes: SyncChanges = {}, next?: Uint8Array): Promise<void> {
    const kept = segments.slice(0, MAX_SEGMENTS)
    await this.#store.writeSync({ ...changes, state: { [STATE]: encode(kept) } })
    this.#remember(changes.addHeaders ?? [])
    this.#segments = kept
    this.#next = next ?? this.#nextOf(kept[0])
  }

  #remember(headers: readonly Header[]): void {
    for (const header of headers) {
      this.#recent.delete(header.number) // makes it the newest
      this.#recent.set(header.number, header)
    }
    for (const number of this.#recent.keys()) {
      if (this.#recent.size <= MAX_RECENT) return
      this.#recent.delete(number)
    }
  }

  #without(number: number): readonly Segment[] {
    const above = this.#segments.filter(({ last }) => last > number)
    return above.map(({ first, last }) => ({ first: Math.max(first, number + 1), last }))
  }

  #nextOf(segment: Segment | undefined): Uint8Array | undefined {
    return segment && this.headerAt(segment.first).parentHash
  }

  /** @returns the stored segments whose ends are intact; none if the note is damaged. */
  #load(): readonly Segment[] {
    const bytes = this.#store.syncState(STATE)
    if (!bytes) return []
    try {
      const segments = segmentsCodec.decode(bytes)
      return segments.filter(({ first, last }) => this.#store.syncHeader(first) && this.#store.syncHeader(last))
    } catch (error) {
      if (error instanceof CodecError) return []
      throw error
    }
  }
}

function encode(segments: readonly Segment[]): Uint8Array | undefined {
  return segments.length > 0 ? segmentsCodec.encode(segments) : undefined
}

/** @returns the parts of the segments below this number. */
function below(segments: readonly Segment[], number: number): Segment[] {
  const left = segments.filter(({ first }) => first < number)
  return left.map(({ first, last }) => ({ first, last: Math.min(last, number - 1) }))
}
