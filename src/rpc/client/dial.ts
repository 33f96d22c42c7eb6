/**
 * Dialing of persistent connections: WebSocket and IPC.
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import { attempt } from '../../base/attempt.ts'
import { describeError } from '../../base/errors.ts'
import { RpcConnectionError, RpcHttpError } from '../wire/errors.ts'
import { IpcWire } from '../wire/ipc-wire.ts'
import type { DialedConnection } from '../wire/wire.ts'
import { WsWire } from '../wire/ws-wire.ts'
import { type ClientSettings, headersFor } from './client-options.ts'

/**
 * Opens a WebSocket. Rejects with an RpcConnectionError, an RpcHttpError when the server refuses the handshake, or the
 * signal's reason.
 */
export function dialWebSocket(url: URL, settings: ClientSettings, signal?: AbortSignal): Promise<DialedConnection> {
  return attempt(options(url.href, settings, signal), ({ resolve, fail }) => {
    const target = new URL(url)
    target.username = target.password = ''
    const ws = new WebSocket(target, {
      headers: headersFor(url, settings),
      ...(settings.origin !== undefined && { origin: settings.origin }),
      maxPayload: settings.maxResponseBytes,
      perMessageDeflate: false,
      autoPong: false, // the wire sends them
    })
    let socket: Duplex | undefined
    ws.on('upgrade', (response) => {
      socket = response.socket
    })
    ws.on('unexpected-response', (_, response) => readRefusal(response).then(fail))
    ws.on('error', fail)
    ws.on('open', () => {
      ws.pause() // until the wire has a sink
      const wire = new WsWire(ws, socket as Duplex, { clock: settings.clock })
      resolve({ wire, open: (sink) => wire.open(sink) })
    })
    return () => ws.terminate()
  })
}

/** Opens an IPC connection. Rejects like {@link dialWebSocket}. */
export function dialIpc(path: string, settings: ClientSettings, signal?: AbortSignal): Promise<DialedConnection> {
  return attempt(options(path, settings, signal), ({ resolve, fail }) => {
    const socket = connect(path)
    socket.on('error', fail)
    socket.on('connect', () => {
      const wire = new IpcWire(socket)
      resolve({ wire, open: (sink) => wire.open(sink, { maxBytes: settings.maxResponseBytes }) })
    })
    return () => socket.destroy()
  })
}

function options(where: string, { clock, connectTimeout }: ClientSettings, signal: AbortSignal | undefined) {
  const explain = (why: unknown) => notReached(where, why)
  return { clock, what: 'connecting', timeout: connectTimeout, signal, explain }
}

function notReached(where: string, error: unknown): RpcConnectionError {
  if (error instanceof RpcConnectionError) return error
  const message = `cannot connect to ${where.replace(/\/\/[^@/]*@/, '//')}: ${describeError(error)}`
  return new RpcConnectionError('ERR_RPC_CONNECTION', message, { mayHaveRun: false, cause: error })
}

/** Reads the response of a refused handshake, up to 8 KiB of its body. */
function readRefusal(response: IncomingMessage): Promise<RpcHttpError> {
  return new Promise((resolve) => {
    let body = ''
    const done = (): void => resolve(new RpcHttpError(response.statusCode ?? 0, body))
    response.on('data', (chunk: Buffer) => {
      body += chunk.toString()
      if (body.length > 8_192) response.destroy()
    })
    response.on('end', done).on('close', done).on('error', done)
  })
}
