/**
 * Deadlines for the remote, which stand still while this side is the slow one.
 * @module
 */
import type { Clock, Timer, TimerOptions } from '../base/clock.ts'

/** A connection whose socket this side may pause. */
export interface Pausable {
  readonly clock: Clock
  /** Milliseconds in which the socket was paused, up to now. */
  readonly pausedFor: number
}

/** Calls `expired` once `timeout` milliseconds have passed in which the socket was not paused. */
export function deadline(connection: Pausable, timeout: number, expired: () => void, options?: TimerOptions): Timer {
  const { clock } = connection
  let paused = connection.pausedFor
  const check = (): void => {
    const ours = connection.pausedFor - paused
    if (ours <= 0) return expired()
    paused += ours
    timer = clock.setTimer(ours, check, options)
  }
  let timer = clock.setTimer(timeout, check, options)
  return { cancel: () => timer.cancel() }
}
