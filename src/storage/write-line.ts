/**
 * Puts writes in order: LevelDB's thread pool may run two batches that are not awaited in either order.
 * @module
 */
import type { Operation, WriteOptions } from './store.ts'

interface Group {
  readonly parts: (readonly Operation[])[]
  sync: boolean
  readonly done: Promise<void>
}

/** Writes that wait for the one under way leave together, as one batch. */
export class WriteLine {
  readonly #batch: (operations: Operation[], sync: boolean) => Promise<void>
  #tail: Promise<unknown> = Promise.resolve()
  /** BOUNDED: by what callers write without waiting for the last one. */
  #group: Group | undefined

  constructor(batch: (operations: Operation[], sync: boolean) => Promise<void>) {
    this.#batch = batch
  }

  write(operations: readonly Operation[], options: WriteOptions): Promise<void> {
    this.#group ??= this.#begin()
    this.#group.parts.push(operations)
    if (options.sync) this.#group.sync = true
    return this.#group.done
  }

  /** Runs `task` after all writes before it, and before all after it. */
  run(task: () => Promise<void>): Promise<void> {
    this.#group = undefined
    return this.#enqueue(task)
  }

  /** Resolves when nothing is under way. Never rejects. */
  async idle(): Promise<void> {
    await this.#tail
  }

  #begin(): Group {
    const group: Group = { parts: [], sync: false, done: this.#enqueue(() => this.#leave(group)) }
    return group
  }

  #leave(group: Group): Promise<void> {
    if (this.#group === group) this.#group = undefined
    return this.#batch(group.parts.flat(), group.sync)
  }

  #enqueue(task: () => Promise<void>): Promise<void> {
    const run = this.#tail.then(task)
    this.#tail = run.catch(() => {})
    return run
  }
}
