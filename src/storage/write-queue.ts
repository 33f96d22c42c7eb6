/**
 * Queue of writes: LevelDB's thread pool may run two batches that are not awaited in either order.
 * @module
 */
import type { Operation, WriteOptions } from './store.ts'

interface PendingBatch {
  readonly parts: (readonly Operation[])[]
  sync: boolean
  readonly done: Promise<void>
}

/** Runs one write at a time; those queued meanwhile become one batch. */
export class WriteQueue {
  readonly #write: (operations: Operation[], sync: boolean) => Promise<void>
  #tail: Promise<unknown> = Promise.resolve()
  /** BOUNDED: by the writes that callers do not await. */
  #pending: PendingBatch | undefined

  constructor(write: (operations: Operation[], sync: boolean) => Promise<void>) {
    this.#write = write
  }

  write(operations: readonly Operation[], options: WriteOptions): Promise<void> {
    this.#pending ??= this.#begin()
    this.#pending.parts.push(operations)
    if (options.sync) this.#pending.sync = true
    return this.#pending.done
  }

  /** Runs `task` after all earlier writes, and before all later ones. */
  run(task: () => Promise<void>): Promise<void> {
    this.#pending = undefined
    return this.#enqueue(task)
  }

  /** Resolves when no write is in flight. Never rejects. */
  async idle(): Promise<void> {
    await this.#tail
  }

  #begin(): PendingBatch {
    const batch: PendingBatch = { parts: [], sync: false, done: this.#enqueue(() => this.#flush(batch)) }
    return batch
  }

  #flush(batch: PendingBatch): Promise<void> {
    if (this.#pending === batch) this.#pending = undefined
    return this.#write(batch.parts.flat(), batch.sync)
  }

  #enqueue(task: () => Promise<void>): Promise<void> {
    const run = this.#tail.then(task)
    this.#tail = run.catch(() => {})
    return run
  }
}
