import { ProtocolError } from '../../base/errors.ts'
import { violation } from './violation.ts'

/** Requests one peer may owe an answer to. Sync keeps a handful in flight; more is a fault of ours, not of the remote's. */
export const MAX_OUTSTANDING = 256
/** Requests that were given up and may still be answered. BOUNDED: the oldest is forgotten, its late answer then unasked. */
export const MAX_GIVEN_UP = 1024

const U64 = 2n ** 64n

/** Which ids were asked, and which of them are nobody's concern any more. Source of the idea: go-ethereum p2p/tracker. */
export class RequestIds {
  #next: bigint
  /** BOUNDED: {@link MAX_OUTSTANDING}. */
  readonly #outstanding = new Set<bigint>()
  /** BOUNDED: {@link MAX_GIVEN_UP}. Id → name of the message that would answer. */
  readonly #givenUp = new Map<bigint, string>()
  /** Answers that came after their request was given up. */
  late = 0

  /** Begins at any id, so that answers meant for an earlier connection match nothing. */
  constructor(random: () => number) {
    this.#next = (BigInt(Math.floor(random() * 2 ** 32)) << 32n) | BigInt(Math.floor(random() * 2 ** 32))
  }

  get outstanding(): number {
    return this.#outstanding.size
  }

  /** The id of a new request. Throws `ERR_ETH_TOO_MANY_REQUESTS`, which the remote is not to blame for. */
  open(): bigint {
    if (this.#outstanding.size >= MAX_OUTSTANDING) {
      const message = `${MAX_OUTSTANDING} requests are waiting for an answer already`
      throw new ProtocolError('ERR_ETH_TOO_MANY_REQUESTS', message, { penalty: 0 })
    }
    const id = this.#next
    this.#next = (id + 1n) % U64
    this.#outstanding.add(id)
    return id
  }

  /** The answer came. */
  close(id: bigint): void {
    this.#outstanding.delete(id)
  }

  /** Nobody waits for the answer any more; it may still come, once. */
  giveUp(id: bigint, reply: string): void {
    this.#outstanding.delete(id)
    this.#givenUp.set(id, reply)
    if (this.#givenUp.size <= MAX_GIVEN_UP) return
    const [oldest] = this.#givenUp.keys()
    this.#givenUp.delete(oldest as bigint)
  }

  /** Takes an answer no request waited for. Throws `ERR_ETH_UNREQUESTED` when none ever did. */
  takeLate(id: bigint, reply: string): void {
    if (this.#givenUp.get(id) !== reply) {
      throw violation('ERR_ETH_UNREQUESTED', `${reply}: an answer to request ${id}, which was never made`)
    }
    this.#givenUp.delete(id)
    this.late++
  }
}
