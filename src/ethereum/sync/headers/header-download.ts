/**
 * Download of headers from the target towards a known block, in reverse, in ranges, from several peers at once. Linked
 * headers are stored at once.
 * @module
 */
import { equalBytes } from '../../../base/bytes.ts'
import type { ChainStore } from '../../chain/index.ts'
import type { Header } from '../../types/index.ts'
import type { Condition } from '../condition.ts'
import { INVALID_DATA_PENALTY, type Worker, type Workers } from '../peers/workers.ts'
import type { Skeleton } from './skeleton.ts'

/** Headers in one request. Source: go-ethereum eth/downloader/skeleton.go (requestHeaders). */
export const HEADERS_PER_REQUEST = 512
/** Ranges in download or waiting to be linked: 32 768 headers, some 40 MB. */
const MAX_RANGES = 64
/** Ranges linked in one batch. */
const MAX_LINKED = 2
/** Headers requested below a misfit, doubled each time: most reorganizations are short. */
const FIRST_STEP_BACK = 32
const MAX_STEP_BACK = 16_384
/** Penalty for headers that do not link to each other, where that is no proof of false data. */
const UNLINKED_PENALTY = 20

/** A range of headers, from number `top` down to `bottom`. */
interface Range {
  top: number
  readonly bottom: number
  /** Downloaded headers, from the top down; undefined before. */
  headers: readonly Header[] | undefined
  source: Worker | undefined
  busy: boolean
}

export interface HeaderDownloadOptions {
  readonly store: ChainStore
  readonly skeleton: Skeleton
  readonly workers: Workers
  readonly condition: Condition
  readonly signal: AbortSignal
  /** Called with the bytes of headers that were linked and stored. */
  readonly onLinked: (bytes: number) => void
}

export class HeaderDownload {
  readonly #options: HeaderDownloadOptions
  /** Ranges from the highest down, without gaps, below the skeleton. BOUNDED: {@link MAX_RANGES}. */
  #ranges: Range[] = []
  #stepBack = FIRST_STEP_BACK

  constructor(options: HeaderDownloadOptions) {
    this.#options = options
  }

  /** @returns the number of the canonical block that the headers link to; undefined if they end elsewhere. */
  async run(): Promise<number | undefined> {
    const { skeleton, condition, signal } = this.#options
    for (;;) {
      signal.throwIfAborted()
      const first = skeleton.current?.first ?? 0
      if (this.#isLinked(first)) return first - 1
      if (first <= 1) return undefined
      if (await this.#takeStored()) continue
      this.#plan(first)
      this.#schedule()
      if (!(await this.#link())) await condition.wait(signal)
    }
  }

  #isLinked(first: number): boolean {
    const known = first > 0 ? this.#options.store.hashAt(first - 1) : undefined
    const { next } = this.#options.skeleton
    return known !== undefined && next !== undefined && equalBytes(known, next)
  }

  /** Takes headers of blocks that were canonical once from the store. */
  async #takeStored(): Promise<boolean> {
    const { skeleton, store } = this.#options
    const held: Header[] = []
    for (let hash = skeleton.next; hash && held.length < HEADERS_PER_REQUEST; hash = held.at(-1)?.parentHash) {
      const header = store.header(hash)
      if (!header || header.number === 0 || this.#isKnown(header)) break
      held.push(header)
    }
    await skeleton.prepend(held)
    return held.length > 0
  }

  #plan(first: number): void {
    if (this.#ranges[0] && this.#ranges[0].top !== first - 1) this.#ranges = []
    let top = (this.#ranges.at(-1)?.bottom ?? first) - 1
    const floor = this.#floor(first)
    while (top > floor && this.#ranges.length < MAX_RANGES) {
      const bottom = Math.max(floor + 1, top - HEADERS_PER_REQUEST + 1)
      this.#ranges.push({ top, bottom, headers: undefined, source: undefined, busy: false })
      top = bottom - 1
    }
  }

  /**
   * @returns the number above which headers are missing: the head or an older segment's top; steps back below a misfit.
   */
  #floor(first: number): number {
    const { skeleton, store } = this.#options
    const anchors = [skeleton.older ?? 0, store.head.number]
    const lower = Math.max(0, ...anchors.filter((anchor) => anchor < first - 1))
    if (!anchors.some((anchor) => anchor > 0 && anchor >= first - 1)) return lower
    if (this.#ranges.length > 0) return (this.#ranges.at(-1) as Range).bottom - 1
    const floor = Math.max(lower, first - 1 - this.#stepBack)
    this.#stepBack = Math.min(MAX_STEP_BACK, this.#stepBack * 2)
    return floor
  }

  #schedule(): void {
    const wanted = this.#ranges.filter(({ headers, busy }) => !headers && !busy)
    if (wanted.length === 0) return
    for (let more = true; more; ) {
      more = false
      for (const worker of this.#options.workers.free('headers')) {
        const at = wanted.findIndex(({ top }) => worker.mayHave('headers', top))
        const [range] = at < 0 ? [] : wanted.splice(at, 1)
        if (range) void this.#fetch(worker, range)
        if (range) more = true
      }
    }
  }

  /** Requests the first range by hash, which any peer with the block serves; the others by number. */
  async #fetch(worker: Worker, range: Range): Promise<void> {
    const { skeleton, workers, signal } = this.#options
    const { top, bottom } = range
    const hash = range === this.#ranges[0] ? skeleton.next : undefined
    range.busy = true
    await workers.request(worker, 'headers', signal, {
      request: (how) => {
        const query = { start: hash ?? top, limit: top - bottom + 1, reverse: true }
        return worker.peer.getBlockHeaders(query, how)
      },
      use: (headers) => {
        range.busy = false
        if (headers && this.#isSound(worker, headers, top, hash)) {
          range.headers = headers
          range.source = worker
        }
      },
    })
  }

  #isSound(worker: Worker, headers: readonly Header[], top: number, hash: Uint8Array | undefined): boolean {
    const { workers } = this.#options
    const [highest] = headers
    if (!highest) {
      workers.empty(worker, 'headers', !hash && worker.announced('headers', top))
      return false
    }
    const fault = faultOf(headers, top, hash)
    if (fault) workers.drop(worker, 'ERR_SYNC_BAD_HEADERS', fault.message, { penalty: fault.penalty })
    return !fault
  }

  /** Stores headers that follow the lowest one without a gap. @returns false if there are none. */
  async #link(): Promise<boolean> {
    const { skeleton, workers, onLinked } = this.#options
    const linked: Header[] = []
    let next = skeleton.next as Uint8Array
    for (let count = 0; count < MAX_LINKED; count++) {
      const range = this.#ranges[0]
      if (!range?.headers || !range.source) break
      const [highest] = range.headers
      if (!highest || !equalBytes(highest.hash, next)) {
        workers.pause(range.source, 'headers', `header ${range.top} is not on the chain of the target`)
        range.headers = undefined
        await this.#keep(linked)
        return true
      }
      workers.delivered(range.source, 'headers')
      linked.push(...range.headers)
      next = (range.headers.at(-1) as Header).parentHash
      this.#advance(range, range.headers.length)
    }
    const kept = await this.#keep(linked)
    if (kept) onLinked(linked.reduce((sum, header) => sum + header.raw.length, 0))
    return kept
  }

  async #keep(linked: Header[]): Promise<boolean> {
    const { skeleton } = this.#options
    const known = linked.findIndex((header) => this.#isKnown(header))
    const fresh = known < 0 ? linked : linked.slice(0, known)
    if (fresh.length > 0) await skeleton.prepend(fresh)
    return linked.length > 0
  }

  #isKnown(header: Header): boolean {
    const hash = this.#options.store.hashAt(header.number)
    return hash !== undefined && equalBytes(hash, header.hash)
  }

  /** Shrinks a range by the headers of a response, which may be fewer than requested. */
  #advance(range: Range, headers: number): void {
    range.top -= headers
    range.headers = undefined
    if (range.top < range.bottom) this.#ranges.shift()
  }
}

/**
 * @returns the fault of headers that were requested from `top` down, on whichever chain. Other numbers, and headers
 * that do not link to the hash of the request, are proven false. Headers requested by number may not link because the
 * peer's chain was reorganized while it collected them.
 */
function faultOf(
  headers: readonly Header[],
  top: number,
  hash: Uint8Array | undefined,
): { readonly message: string; readonly penalty: number } | undefined {
  let number = top
  let expected = hash
  for (const header of headers) {
    if (header.number !== number) {
      return { message: `header ${header.number} instead of ${number}`, penalty: INVALID_DATA_PENALTY }
    }
    if (expected && !equalBytes(header.hash, expected)) {
      return { message: `header ${number} does not link`, penalty: hash ? INVALID_DATA_PENALTY : UNLINKED_PENALTY }
    }
    expected = header.parentHash
    number--
  }
  return undefined
}
