import { describeError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'

/** Closes the started parts in reverse order, each one regardless of errors of the others. */
export class Disposal {
  readonly #log: Logger
  /** BOUNDED: by the services. */
  readonly #steps: { readonly name: string; readonly close: () => PromiseLike<void> }[] = []
  #closing: Promise<void> | undefined

  constructor(log: Logger) {
    this.#log = log
  }

  add(name: string, close: () => PromiseLike<void>): void {
    this.#steps.push({ name, close })
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    for (const { name, close } of this.#steps.reverse()) {
      try {
        await close()
      } catch (error) {
        this.#log.error('Close failed', { part: name, error: describeError(error) })
      }
    }
  }
}
