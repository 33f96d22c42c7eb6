/**
 * Upgrades that are not to become WebSockets: the refusal of one, and requests whose `Upgrade` header is ignored. A server
 * may answer as if nothing but HTTP/1.1 had been requested (RFC 9110, 7.8); Java's client offers `h2c` with every first
 * request.
 *
 * Node 20 takes every upgrade for one and hands the socket over, so the request is given back to the server without the
 * header. That relies on internals of Node, hence the check of its version. `shouldUpgradeCallback` (Node 22.21, 24.9) is not
 * used: up to 26.12 Node drops the requests that follow an ignored upgrade in the same chunk.
 * @module
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** Treatment of a request whose upgrade is to be ignored: it is parsed again without the header, or refused with 501. */
export type UpgradePolicy = 'reinject' | 'refuse'

/** Major versions of Node whose internals are known to fit; those of 26 do not. */
const REINJECTION_MAJORS: ReadonlySet<number> = new Set([20, 22, 24])

/** `version` as in `process.versions.node`. */
export function upgradePolicy(version: string): UpgradePolicy {
  return REINJECTION_MAJORS.has(Number.parseInt(version, 10)) ? 'reinject' : 'refuse'
}

/** An argument list of the `upgrade` event. */
export interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

/**
 * Gives a request back to the server without its `Upgrade` header, after the response before it on the socket has been sent.
 * `waiting` holds the socket until then.
 */
export function reinject(server: Server, { request, socket, head }: Upgrade, waiting: Set<Duplex>): void {
  const onError = (): void => void socket.destroy() // Node does not listen meanwhile
  const onClose = (): void => void waiting.delete(socket)
  socket.on('error', onError).on('close', onClose)
  waiting.add(socket)
  const inject = (): void => {
    const before = responseOn(socket)
    if (before) return void before.once('finish', inject) // Node begins with the next response then, if there is one
    socket.off('error', onError).off('close', onClose)
    waiting.delete(socket)
    if (socket.listenerCount('data') > 0) return refuseUpgrade(socket, UNSUPPORTED) // Node still parses
    socket.unshift(Buffer.concat([withoutUpgrade(request), head]))
    server.emit('connection', socket)
  }
  inject()
}

/** The answer to an upgrade that cannot be ignored on this version of Node. */
export const UNSUPPORTED = { status: 501, message: 'upgrade not supported, send the request without Upgrade header' }

const REASONS: Readonly<Record<number, string>> = { 401: 'Unauthorized', 403: 'Forbidden', 501: 'Not Implemented' }

/** Answers an upgrade with a status and one line, and closes the connection. */
export function refuseUpgrade(
  socket: Duplex,
  { status, message }: { readonly status: number; readonly message: string },
): void {
  const head = [
    `HTTP/1.1 ${status} ${REASONS[status]}`,
    'Content-Type: text/plain',
    `Content-Length: ${message.length + 1}`,
  ]
  socket.on('error', () => socket.destroy())
  socket.once('finish', () => socket.destroy()) // the remote may never end its half
  socket.end(`${[...head, 'Connection: close'].join('\r\n')}\r\n\r\n${message}\n`)
}

const UPGRADE_HEADERS: ReadonlySet<string> = new Set(['upgrade', 'connection', 'http2-settings'])

/** The head of the request, without what concerns the upgrade. */
function withoutUpgrade({ method, url, httpVersion, headers, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name, value] = rawHeaders.slice(index, index + 2) as [string, string]
    if (!UPGRADE_HEADERS.has(name.toLowerCase())) lines.push(`${name}: ${value}`)
  }
  if (/(^|,)\s*close\s*(,|$)/i.test(headers.connection ?? '')) lines.push('Connection: close')
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

/** The response that is being sent on a socket: an internal of Node. */
function responseOn(socket: Duplex): ServerResponse | undefined {
  return (socket as { _httpMessage?: ServerResponse | null })._httpMessage ?? undefined
}
