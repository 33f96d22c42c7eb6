/**
 * What goes wrong with connections, in our words: one place for TCP and for memory, so that both fail alike.
 * @module
 */
import { ConfigError, HandshakeError, PeerClosedError } from '../base/errors.ts'
import { type Endpoint, formatEndpoint, type HostAndPort, type ListenOptions } from './network.ts'

export function connectError({ host, port }: HostAndPort, cause: unknown): HandshakeError {
  const what = `cannot connect to ${formatEndpoint(host, port)}: ${reason(cause)}`
  return new HandshakeError('ERR_CONNECT', 'connect', what, { cause })
}

export function brokenConnection({ ip, port }: Endpoint, cause?: unknown): PeerClosedError {
  const why = cause === undefined ? '' : `: ${reason(cause)}`
  return new PeerClosedError('remote', `connection to ${formatEndpoint(ip, port)} broke${why}`, { cause })
}

export function portInUse(port: number, cause?: unknown): ConfigError {
  return new ConfigError('port', `port ${port} is in use by another program`, {
    hint: 'choose another with --port, or 0 for any',
    cause,
  })
}

/** Which of the two, port or host, was asked too much. */
export function listenError(error: NodeJS.ErrnoException, { host, port }: ListenOptions): ConfigError {
  switch (error.code) {
    case 'EADDRINUSE':
      return portInUse(port, error)
    case 'EACCES':
      return new ConfigError('port', `port ${port} needs a privilege this user lacks`, {
        hint: 'choose one above 1023 with --port',
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

/** The system's errors carry a code; one made of several attempts carries nothing else. */
function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  return cause.message || ('code' in cause ? String(cause.code) : cause.name)
}
