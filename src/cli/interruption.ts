/**
 * What ends a command early: Ctrl-C and its kin, and an output that nobody reads any more.
 * @module
 */
import { type Clock, systemClock } from '../base/clock.ts'
import { PeerloomError } from '../base/errors.ts'

/** Ended by a signal: nothing went wrong. */
export class InterruptedError extends PeerloomError {
  override readonly name: string = 'InterruptedError'

  constructor(signal: string) {
    super('ERR_INTERRUPTED', `interrupted (${signal})`)
  }
}

export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** One Ctrl-C may come twice, from the terminal and through npm: two within this, in milliseconds, are one. */
const SAME_KEY_INTERVAL = 500

export interface InterruptionOptions {
  /** Called at the first signal: says that a second one forces the end. */
  readonly onInterrupt: () => void
  /** Called at the second one: ends the process at once. */
  readonly onForce: () => void
  readonly clock?: Clock
}

export class Interruption {
  readonly #abort = new AbortController()
  readonly #options: InterruptionOptions
  readonly #clock: Clock
  #since: number | undefined

  constructor(options: InterruptionOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /** Aborts when the command is to stop: with an {@link InterruptedError}, or because stdout is closed. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** For `process.on`. */
  readonly onSignal = (signal: string): void => {
    if (this.#since === undefined) {
      this.#since = this.#clock.now()
      this.#abort.abort(new InterruptedError(signal))
      this.#options.onInterrupt()
    } else if (this.#clock.now() - this.#since > SAME_KEY_INTERVAL) {
      this.#options.onForce()
    }
  }

  /** A reader such as `head` has had enough: stop, without complaint. Any other failure is to be said. */
  outputFailed(error: NodeJS.ErrnoException): void {
    const gone = error.code === 'EPIPE'
    const failure = gone
      ? new PeerloomError('ERR_OUTPUT', 'the output was closed by its reader', { cause: error })
      : new PeerloomError('ERR_OUTPUT_FAILED', 'the output cannot be written', { cause: error })
    this.#abort.abort(failure)
  }
}
