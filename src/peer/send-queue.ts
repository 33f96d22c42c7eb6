import { type Deferred, deferred } from '../base/deferred.ts'
import type { SendPriority } from './channel.ts'
import type { MessageKey } from './transport.ts'

/** Memory of a queued message beside its payload: empty ones must not queue up in any number. */
const QUEUED_OVERHEAD_BYTES = 64
/** Messages taken from the front before the array is cut: cutting at each would cost its whole length. */
const COMPACT_AT = 1024

export interface QueuedMessage {
  readonly key: MessageKey
  readonly payload: Uint8Array
}

/**
 * Messages of one protocol that wait for room in the transport: those of high priority first, each kind in the order of
 * its calls. Most protocols never queue, so a list is made when it is first needed.
 */
export class SendQueue {
  #high: Fifo | undefined
  #normal: Fifo | undefined
  #bytes = 0
  #room: Deferred<void> | undefined

  /** Size of the backlog, with an overhead for each message. */
  get bytes(): number {
    return this.#bytes
  }

  push(message: QueuedMessage, priority: SendPriority): void {
    this.#bytes += sizeOf(message.payload)
    if (priority === 'high') {
      this.#high ??= new Fifo()
      this.#high.push(message)
    } else {
      this.#normal ??= new Fifo()
      this.#normal.push(message)
    }
  }

  /** Takes the next message; undefined when none is queued. */
  shift(): QueuedMessage | undefined {
    const message = this.#high?.shift() ?? this.#normal?.shift()
    if (message) this.#bytes -= sizeOf(message.payload)
    return message
  }

  /** Resolves at {@link giveRoom} or {@link clear}. */
  untilRoom(): Promise<void> {
    this.#room ??= deferred()
    return this.#room.promise
  }

  /** Lets senders go on that wait for room. */
  giveRoom(): void {
    this.#room?.resolve()
    this.#room = undefined
  }

  clear(): void {
    this.#high = this.#normal = undefined
    this.#bytes = 0
    this.giveRoom()
  }
}

class Fifo {
  /** BOUNDED: by the budget for senders that await, by the overrun limit for those that do not. */
  readonly #messages: QueuedMessage[] = []
  #head = 0

  push(message: QueuedMessage): void {
    this.#messages.push(message)
  }

  shift(): QueuedMessage | undefined {
    if (this.#head === this.#messages.length) return undefined
    const message = this.#messages[this.#head++]
    if (this.#head === this.#messages.length) this.#messages.length = this.#head = 0
    else if (this.#head > COMPACT_AT) this.#head -= this.#messages.splice(0, this.#head).length
    return message
  }
}

/** Bytes that a message counts for in budgets. */
export function sizeOf(payload: Uint8Array): number {
  return payload.length + QUEUED_OVERHEAD_BYTES
}
