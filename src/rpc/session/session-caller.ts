import type { Caller, Subscriber } from './answer.ts'
import type { CallContext, RpcRemote } from './api.ts'
import type { Callable } from './registry.ts'
import type { ServedSubscriptions } from './served.ts'

/** The other side of a connection, for as long as one of its messages is being answered. */
export class SessionCaller implements Caller, Subscriber {
  readonly #connection: CallContext
  readonly #served: ServedSubscriptions
  #opened: (() => void)[] | undefined

  constructor(connection: CallContext, served: ServedSubscriptions) {
    this.#connection = connection
    this.#served = served
  }

  get signal(): AbortSignal {
    return this.#connection.signal
  }

  get remote(): RpcRemote {
    return this.#connection.remote
  }

  get subscriber(): Subscriber {
    return this
  }

  open(callable: Callable, params: readonly unknown[]): string {
    const { id, start } = this.#served.open(callable, params)
    this.#opened = [...(this.#opened ?? []), start]
    return id
  }

  cancel(id: string): boolean {
    return this.#served.cancel(id)
  }

  /** The answer has been sent, with the ids in it. */
  answered(): void {
    for (const start of this.#opened ?? []) start()
  }
}
