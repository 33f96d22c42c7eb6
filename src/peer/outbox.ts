/**
 * Outbound half of a peer: one writer, control frames ahead of all else, and the protocols in turn.
 *
 * While the transport takes frames, a send is one call. When it is full, each protocol queues up to its budget, so that
 * no protocol's bulk delays another's message.
 * @module
 */
import { PeerloomError } from '../base/errors.ts'
import type { SendPriority } from './channel.ts'
import { type SendQueue, sizeOf } from './send-queue.ts'
import type { MessageKey, Transport } from './transport.ts'

/** Bytes that a protocol may send before the next one has its turn. */
const TURN_BYTES = 64 * 1024
/**
 * Control frames sent while the transport is full; further ones, asked for by a remote that does not read, are dropped.
 */
const MAX_BLOCKED_CONTROL = 64
/** Multiple of its budget at which the backlog of a protocol that does not await `send` ends the peer. */
const OVERRUN_FACTOR = 8
/** Room for one message of the largest size on top of any budget. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

const READY: Promise<void> = Promise.resolve()

export class Outbox {
  readonly #transport: Transport<MessageKey>
  readonly #budgetBytes: number
  readonly #queues: readonly SendQueue[]
  #writable = true
  #turn = 0
  #blockedControl = 0
  #closed = false

  constructor(transport: Transport<MessageKey>, queues: readonly SendQueue[], budgetBytes: number) {
    this.#transport = transport
    this.#queues = queues
    this.#budgetBytes = budgetBytes
  }

  /** Sends ahead of everything that is queued. False when the frame was dropped because the remote does not read. */
  control(key: MessageKey, payload: Uint8Array): boolean {
    if (this.#closed) return false
    if (!this.#writable && ++this.#blockedControl > MAX_BLOCKED_CONTROL) return false
    this.#writable = this.#transport.write(key, payload) && this.#writable
    return true
  }

  /**
   * Sends, or queues. The promise resolves when the protocol may go on. Throws `ERR_SEND_OVERRUN` far past the budget.
   */
  send(queue: SendQueue, key: MessageKey, payload: Uint8Array, priority: SendPriority): Promise<void> {
    if (this.#writable && queue.bytes === 0) {
      this.#writable = this.#transport.write(key, payload)
      return READY
    }
    queue.push({ key, payload }, priority)
    if (queue.bytes <= this.#budgetBytes) return READY
    if (queue.bytes > this.#budgetBytes * OVERRUN_FACTOR + MAX_MESSAGE_BYTES) throw overrun(queue.bytes)
    return queue.untilRoom()
  }

  /**
   * Sends what is queued while the transport has room. Throws what the transport throws at a message that was queued.
   */
  drain(): void {
    this.#writable = true
    this.#blockedControl = 0
    let idle = 0
    while (this.#writable && idle < this.#queues.length) {
      const queue = this.#queues[this.#turn++ % this.#queues.length] as SendQueue
      idle = this.#turnOf(queue) ? 0 : idle + 1
    }
  }

  /** Drops what is queued; the farewell goes through the transport itself. */
  close(): void {
    this.#closed = true
    for (const queue of this.#queues) queue.clear()
  }

  /** Sends a queue's share of one turn. False when the queue was empty. */
  #turnOf(queue: SendQueue): boolean {
    let sent = 0
    while (this.#writable && sent < TURN_BYTES) {
      const message = queue.shift()
      if (!message) break
      sent += sizeOf(message.payload)
      this.#writable = this.#transport.write(message.key, message.payload)
    }
    if (queue.bytes <= this.#budgetBytes) queue.giveRoom()
    return sent > 0
  }
}

function overrun(bytes: number): PeerloomError {
  return new PeerloomError('ERR_SEND_OVERRUN', `${bytes} bytes are queued: a protocol does not await its sends`)
}
