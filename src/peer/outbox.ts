/**
 * The way out of a peer: one writer, control frames ahead of bulk, and the protocols in turn.
 *
 * While the transport takes frames, a send is one call. When it is full, each protocol queues up to its budget, so that
 * no protocol's bulk stands before another's message.
 * @module
 */
import { type Deferred, deferred } from '../base/deferred.ts'
import { PeerloomError } from '../base/errors.ts'
import type { MessageKey, Transport } from './transport.ts'

/** Bytes a protocol may put on the wire before it is the next one's turn. */
const TURN_BYTES = 64 * 1024
/** Control frames let through while the transport is full; a remote that asks for more and reads none loses them. */
const MAX_BLOCKED_CONTROL = 64
/** A protocol that never awaits `send` is cut off when its backlog is this many times its budget. */
const OVERRUN_FACTOR = 8
/** What a waiting message takes beside its payload: empty ones must not wait in any number. */
const QUEUED_OVERHEAD_BYTES = 64
/** Room for one whole message of the largest size on top of any budget. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

const READY: Promise<void> = Promise.resolve()

interface Queued {
  readonly key: MessageKey
  readonly payload: Uint8Array
}

/** One protocol's queue on the way out. */
export class OutLane {
  /** BOUNDED: by the budget for senders that await, by the overrun limit for those that do not. */
  readonly queue: Queued[] = []
  head = 0
  bytes = 0
  /** Settled when the backlog falls under the budget. */
  room: Deferred<void> | undefined
}

export class Outbox {
  readonly #transport: Transport<MessageKey>
  readonly #budgetBytes: number
  readonly #lanes: readonly OutLane[]
  #writable = true
  #turn = 0
  #blockedControl = 0
  #closed = false

  constructor(transport: Transport<MessageKey>, lanes: readonly OutLane[], budgetBytes: number) {
    this.#transport = transport
    this.#lanes = lanes
    this.#budgetBytes = budgetBytes
  }

  /** Sends ahead of everything that is queued. False when it was dropped because the remote does not read. */
  control(key: MessageKey, payload: Uint8Array): boolean {
    if (this.#closed) return false
    if (!this.#writable && ++this.#blockedControl > MAX_BLOCKED_CONTROL) return false
    this.#writable = this.#transport.write(key, payload) && this.#writable
    return true
  }

  /** Sends, or queues. The promise resolves when the protocol may go on. Throws `ERR_SEND_OVERRUN` far past the budget. */
  send(lane: OutLane, key: MessageKey, payload: Uint8Array): Promise<void> {
    if (this.#writable && lane.bytes === 0) {
      this.#writable = this.#transport.write(key, payload)
      return READY
    }
    lane.queue.push({ key, payload })
    lane.bytes += payload.length + QUEUED_OVERHEAD_BYTES
    if (lane.bytes <= this.#budgetBytes) return READY
    if (lane.bytes > this.#budgetBytes * OVERRUN_FACTOR + MAX_MESSAGE_BYTES) throw overrun(lane.bytes)
    lane.room ??= deferred()
    return lane.room.promise
  }

  /** The transport has room again. Throws what the transport has against a message that waited. */
  drain(): void {
    this.#writable = true
    this.#blockedControl = 0
    let idle = 0
    while (this.#writable && idle < this.#lanes.length) {
      const lane = this.#lanes[this.#turn++ % this.#lanes.length] as OutLane
      idle = this.#turnOf(lane) ? 0 : idle + 1
    }
  }

  /** Forgets what was queued; the last word goes through the transport itself. */
  close(): void {
    this.#closed = true
    for (const lane of this.#lanes) {
      lane.queue.length = lane.head = lane.bytes = 0
      lane.room?.resolve()
    }
  }

  /** Lets a lane write its share. False when it had nothing to write. */
  #turnOf(lane: OutLane): boolean {
    let sent = 0
    while (this.#writable && sent < TURN_BYTES && lane.head < lane.queue.length) {
      const { key, payload } = lane.queue[lane.head++] as Queued
      lane.bytes -= payload.length + QUEUED_OVERHEAD_BYTES
      sent += payload.length + QUEUED_OVERHEAD_BYTES
      this.#writable = this.#transport.write(key, payload)
    }
    if (lane.head === lane.queue.length) lane.queue.length = lane.head = 0
    else if (lane.head > 1024) lane.head -= lane.queue.splice(0, lane.head).length
    if (lane.room && lane.bytes <= this.#budgetBytes) {
      lane.room.resolve()
      lane.room = undefined
    }
    return sent > 0
  }
}

function overrun(bytes: number): PeerloomError {
  return new PeerloomError('ERR_SEND_OVERRUN', `${bytes} bytes wait to be sent: a protocol does not await its sends`)
}
