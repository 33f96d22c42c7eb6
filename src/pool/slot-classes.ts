/**
 * Slots for peers by class: how many peers there may be, in all and of each class.
 * @module
 */
export interface SlotLimits<K extends string> {
  /** Peers of all classes together. */
  readonly total: number
  /** Peers of each class. */
  readonly classes: Readonly<Record<K, number>>
}

/** Counts the peers of each class. Refuses nothing: its owner decides which peers may exceed a limit. */
export class SlotClasses<K extends string> {
  readonly limits: SlotLimits<K>
  readonly #taken: Record<K, number>
  #total = 0

  constructor(limits: SlotLimits<K>) {
    this.limits = limits
    this.#taken = Object.fromEntries(Object.keys(limits.classes).map((name) => [name, 0])) as Record<K, number>
  }

  /** Peers of all classes. */
  get total(): number {
    return this.#total
  }

  /** Peers of a class. */
  taken(name: K): number {
    return this.#taken[name]
  }

  /** Slots left in a class; 0 when it is full or beyond its limit. */
  free(name: K): number {
    return Math.max(0, this.limits.classes[name] - this.#taken[name])
  }

  take(name: K): void {
    this.#taken[name]++
    this.#total++
  }

  release(name: K): void {
    this.#taken[name]--
    this.#total--
  }
}

export interface SlotOptions {
  /** @default 50 */
  readonly maxPeers?: number | undefined
  /** One of this many peers is dialed, the others may come in. 0: the default. @default 3 */
  readonly dialRatio?: number | undefined
  /** False for a node that does not dial. @default true */
  readonly dials?: boolean | undefined
  /** Most peers dialed by this node. @default maxPeers / dialRatio, at least 1; 0 for a node that does not dial */
  readonly maxDialed?: number | undefined
  /** Most peers that come in. @default maxPeers - maxDialed */
  readonly maxInbound?: number | undefined
}

/** go-ethereum's defaults. */
export const MAX_PEERS = 50
const DIAL_RATIO = 3

/** The two classes of a devp2p server, with go-ethereum's share for each. */
export function slotLimits(options: SlotOptions = {}): SlotLimits<'inbound' | 'dialed'> {
  const { maxPeers: total = MAX_PEERS, dials = true } = options
  const ratio = options.dialRatio || DIAL_RATIO
  const share = total === 0 || !dials ? 0 : Math.max(1, Math.floor(total / ratio))
  const dialed = options.maxDialed ?? share
  const inbound = options.maxInbound ?? Math.max(0, total - dialed)
  return { total, classes: { inbound, dialed } }
}
