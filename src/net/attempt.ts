/**
 * What every attempt to connect has in common: a signal, a time limit, one outcome.
 * @module
 */
import type { Clock } from '../base/clock.ts'
import { TimeoutError } from '../base/errors.ts'
import { connectError } from './failures.ts'
import { CONNECT_TIMEOUT, type ConnectOptions, type HostAndPort } from './network.ts'

export interface Outcome<T> {
  resolve(value: T): void
  /** `why` becomes the cause of the {@link HandshakeError}. */
  fail(why: unknown): void
}

/** Runs `begin`, which returns how to give up. Only the first outcome counts; giving up is called unless it resolved. */
export function attempt<T>(
  clock: Clock,
  target: HostAndPort,
  options: ConnectOptions,
  begin: (outcome: Outcome<T>) => () => void,
): Promise<T> {
  const { signal, timeout = CONNECT_TIMEOUT } = options
  if (signal?.aborted) return Promise.reject(signal.reason)
  if (!(target.port > 0 && target.port < 65_536)) {
    return Promise.reject(connectError(target, new RangeError(`${target.port} is not a port`)))
  }
  return new Promise<T>((resolve, reject) => {
    let settled = false
    const settle = (): boolean => {
      if (settled) return false
      settled = true
      timer.cancel()
      signal?.removeEventListener('abort', onAbort)
      return true
    }
    const giveUp = (error: unknown): void => {
      if (!settle()) return
      cancel()
      reject(error)
    }
    const fail = (why: unknown): void => giveUp(connectError(target, why))
    const onAbort = (): void => giveUp(signal?.reason)
    const timer = clock.setTimer(timeout, () => fail(new TimeoutError('connect', timeout)))
    signal?.addEventListener('abort', onAbort, { once: true })
    let cancel = (): void => {}
    cancel = begin({ resolve: (value) => settle() && resolve(value), fail })
  })
}
