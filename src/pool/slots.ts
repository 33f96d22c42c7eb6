/**
 * How many peers there may be, and how many of them by our own dialing.
 * @module
 */
export interface SlotOptions {
  /** @default 50 */
  readonly maxPeers?: number
  /** One of this many peers is dialed, the others may come in. 0: the default. @default 3 */
  readonly dialRatio?: number
  /** Whether this node dials at all. @default true */
  readonly dials?: boolean
}

/** go-ethereum's defaults. */
export const MAX_PEERS = 50
export const DIAL_RATIO = 3

export class Slots {
  readonly maxPeers: number
  readonly maxDialed: number
  readonly maxInbound: number

  constructor(options: SlotOptions = {}) {
    this.maxPeers = options.maxPeers ?? MAX_PEERS
    const ratio = options.dialRatio || DIAL_RATIO
    const dialed = this.maxPeers === 0 || options.dials === false ? 0 : Math.max(1, Math.floor(this.maxPeers / ratio))
    this.maxDialed = dialed
    this.maxInbound = this.maxPeers - dialed
  }
}
