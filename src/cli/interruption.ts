/**
 * Early ends of a command: Ctrl-C and other signals, and an output that was closed.
 * @module
 */
import { type Clock, systemClock } from '../base/clock.ts'
import { PeerloomError } from '../base/errors.ts'

/** Reason of a command that a signal ended, which is not a failure. */
export class InterruptedError extends PeerloomError {
  override readonly name: string = 'InterruptedError'

  constructor(signal: string) {
    super('ERR_INTERRUPTED', `interrupted (${signal})`)
  }
}

export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Milliseconds within which two signals count as one: Ctrl-C may arrive twice, from the terminal and through npm. */
const SAME_KEY_INTERVAL = 500

export interface InterruptionOptions {
  /** Called at the first signal. */
  readonly onInterrupt: () => void
  /** Called at the second signal; ends the process at once. */
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

  /** Listener for `process.on`. */
  readonly onSignal = (signal: string): void => {
    if (this.#since === undefined) {
      this.#since = this.#clock.now()
      this.#abort.abort(new InterruptedError(signal))
      this.#options.onInterrupt()
    } else if (this.#clock.now() - this.#since > SAME_KEY_INTERVAL) {
      this.#options.onForce()
    }
  }

  /** Stops the command. A reader that closed the output, such as `head`, is no error; any other failure is reported. */
  outputFailed(error: NodeJS.ErrnoException): void {
    const gone = error.code === 'EPIPE'
    const failure = gone
      ? new PeerloomError('ERR_OUTPUT', 'the output was closed by its reader', { cause: error })
      : new PeerloomError('ERR_OUTPUT_FAILED', 'the output cannot be written', { cause: error })
    this.#abort.abort(failure)
  }
}
