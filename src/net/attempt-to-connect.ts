import { attempt, type Outcome } from '../base/attempt.ts'
import type { Clock } from '../base/clock.ts'
import { connectError } from './failures.ts'
import { CONNECT_TIMEOUT, type ConnectOptions, type HostAndPort } from './network.ts'

/** An attempt to connect: `begin` returns how to give up. What fails becomes the cause of the {@link HandshakeError}. */
export function attemptToConnect<T>(
  clock: Clock,
  target: HostAndPort,
  { signal, timeout = CONNECT_TIMEOUT }: ConnectOptions,
  begin: (outcome: Outcome<T>) => () => void,
): Promise<T> {
  if (signal?.aborted) return Promise.reject(signal.reason)
  if (!(target.port > 0 && target.port < 65_536)) {
    return Promise.reject(connectError(target, new RangeError(`${target.port} is not a port`)))
  }
  return attempt({ clock, what: 'connect', timeout, signal, explain: (why) => connectError(target, why) }, begin)
}
