/**
 * Failures of connecting, listening and connections: one place for TCP and for memory, so that both fail alike.
 * @module
 */
import { attempt, type Outcome } from '../base/attempt.ts'
import type { Clock } from '../base/clock.ts'
import { ConfigError, HandshakeError, PeerClosedError } from '../base/errors.ts'
import {
  CONNECT_TIMEOUT,
  type ConnectOptions,
  type Endpoint,
  formatEndpoint,
  type HostAndPort,
  type ListenOptions,
} from './network.ts'

/** Attempts to connect: `begin` returns how to cancel. A failure becomes the cause of the {@link HandshakeError}. */
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

function connectError({ host, port }: HostAndPort, cause: unknown): HandshakeError {
  const what = `cannot connect to ${formatEndpoint(host, port)}: ${reason(cause)}`
  return new HandshakeError('ERR_CONNECT', 'connect', what, { cause })
}

export function brokenConnection({ ip, port }: Endpoint, cause?: unknown): PeerClosedError {
  const why = cause === undefined ? '' : `: ${reason(cause)}`
  return new PeerClosedError('remote', `connection to ${formatEndpoint(ip, port)} broke${why}`, { cause })
}

export function portInUse(port: number, cause?: unknown): ConfigError {
  return new ConfigError('port', `port ${port} is in use by another program`, {
    hint: 'choose another one, or 0 for any',
    cause,
  })
}

/** Makes the error that names the option at fault, port or host. */
export function listenError(error: NodeJS.ErrnoException, { host, port }: ListenOptions): ConfigError {
  switch (error.code) {
    case 'EADDRINUSE':
      return portInUse(port, error)
    case 'EACCES':
      return new ConfigError('port', `port ${port} needs a privilege this user lacks`, {
        hint: 'choose one above 1023',
        cause: error,
      })
    case 'ERR_SOCKET_BAD_PORT':
      return new ConfigError('port', `${port} is not a port`, { hint: 'ports are 0 to 65535', cause: error })
    default:
      return new ConfigError('host', `cannot listen on ${host ?? 'any address'}: ${reason(error)}`, {
        hint: 'give an IP address of this machine',
        cause: error,
      })
  }
}

/** Describes a cause. An error of the system that stands for several attempts has a code and no message. */
function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  return cause.message || ('code' in cause ? String(cause.code) : cause.name)
}
