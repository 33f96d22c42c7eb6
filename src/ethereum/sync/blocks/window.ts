/**
 * Sliding window of the blocks between the verified headers and the store: filled in any order, drained in order.
 * @module
 */
import type { BlockBody, Header } from '../../types/index.ts'

/** Default limit of blocks. Source: go-ethereum eth/downloader/queue.go (blockCacheMaxItems). */
export const WINDOW_BLOCKS = 8_192
/** Default limit of bytes of bodies, receipts and access lists; responses in flight are not counted. */
export const WINDOW_BYTES = 64 * 1024 * 1024
/** First blocks that are fetched even over the byte budget, so that the window can always be drained. */
const FRONT_BLOCKS = 128

/** The parts of a block that are fetched. */
export type ContentKind = 'bodies' | 'receipts' | 'accessLists'

/** State of a part; `waived` parts are not available, and not required. */
export type PartState = 'wanted' | 'requested' | 'held' | 'waived'

export interface Slot {
  readonly header: Header
  readonly state: Record<ContentKind, PartState>
  body: BlockBody | undefined
  /** RLP list in the form of eth/69. */
  receipts: Uint8Array | undefined
  accessList: Uint8Array | undefined
  bytes: number
}

export interface WindowLimits {
  readonly blocks: number
  readonly bytes: number
}

export class Window {
  readonly #limits: WindowLimits
  /** Blocks in order of number. BOUNDED: by the limits. */
  #slots: Slot[] = []
  #bytes = 0
  readonly #held: Record<ContentKind, number> = { bodies: 0, receipts: 0, accessLists: 0 }
  readonly #wanted: Record<ContentKind, number> = { bodies: 0, receipts: 0, accessLists: 0 }

  constructor(limits: WindowLimits = { blocks: WINDOW_BLOCKS, bytes: WINDOW_BYTES }) {
    this.#limits = limits
  }

  get length(): number {
    return this.#slots.length
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Number of blocks that may be added. */
  get room(): number {
    return this.#limits.blocks - this.#slots.length
  }

  get overBudget(): boolean {
    return this.#bytes >= this.#limits.bytes
  }

  get front(): Slot | undefined {
    return this.#slots[0]
  }

  /** @returns the number of parts of this kind that are held, or known to be empty. */
  held(kind: ContentKind): number {
    return this.#held[kind]
  }

  add(slot: Slot): void {
    this.#slots.push(slot)
    for (const kind of ['bodies', 'receipts', 'accessLists'] as const) this.#count(slot, kind, 1)
    this.#bytes += slot.bytes
  }

  /** @returns up to `limit` blocks, from the first on, whose part of this kind is wanted and which `fits` accepts. */
  wanted(kind: ContentKind, limit: number, fits: (slot: Slot) => boolean): Slot[] {
    const slots: Slot[] = []
    if (this.#wanted[kind] === 0) return slots
    const end = this.overBudget ? Math.min(FRONT_BLOCKS, this.#slots.length) : this.#slots.length
    for (let i = 0; i < end && slots.length < limit; i++) {
      const slot = this.#slots[i] as Slot
      if (slot.state[kind] === 'wanted' && fits(slot)) slots.push(slot)
    }
    return slots
  }

  set(slot: Slot, kind: ContentKind, state: PartState, bytes = 0): void {
    this.#count(slot, kind, -1)
    slot.state[kind] = state
    this.#count(slot, kind, 1)
    slot.bytes += bytes
    this.#bytes += bytes
  }

  /** @returns the leading blocks that pass `test`, up to a number of blocks or bytes, but at least one. */
  leading(test: (slot: Slot) => boolean, limit: WindowLimits): readonly Slot[] {
    let end = 0
    for (let bytes = 0; end < this.#slots.length && end < limit.blocks && bytes < limit.bytes; end++) {
      const slot = this.#slots[end] as Slot
      if (!test(slot)) break
      bytes += slot.bytes
    }
    return this.#slots.slice(0, end)
  }

  /** Removes the first blocks. */
  shift(count: number): void {
    for (const slot of this.#slots.splice(0, count)) {
      this.#bytes -= slot.bytes
      for (const kind of ['bodies', 'receipts', 'accessLists'] as const) this.#count(slot, kind, -1)
    }
  }

  /** Waives this part of all blocks that lack it. */
  waive(kind: ContentKind): void {
    for (const slot of this.#slots) if (!isSettled(slot.state[kind])) this.set(slot, kind, 'waived')
  }

  #count({ state }: Slot, kind: ContentKind, by: number): void {
    if (state[kind] === 'held') this.#held[kind] += by
    else if (state[kind] === 'wanted') this.#wanted[kind] += by
  }
}

/** @returns true if no part of the block is to be fetched. */
export function isComplete({ state }: Slot): boolean {
  return isSettled(state.bodies) && isSettled(state.receipts) && isSettled(state.accessLists)
}

/** @returns true if the part is not to be fetched. */
export function isSettled(state: PartState): boolean {
  return state === 'held' || state === 'waived'
}
