/**
 * A Unix domain socket, for programs of the same user on this machine. On Windows a named pipe.
 * @module
 */
import { rm, stat } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import type { Clock } from '../../base/clock.ts'
import { ConfigError } from '../../base/errors.ts'
import type { Logger } from '../../base/log.ts'
import type { RequestHandler } from '../session/request-handler.ts'
import type { ServerLimits } from '../session/server-limits.ts'
import { CLOSE_TIMEOUT, Session } from '../session/session.ts'
import { IpcWire } from '../wire/ipc-wire.ts'
import { MAX_VALUES } from '../wire/parse-json.ts'

/** Longest path: the kernel's `sun_path` with its terminator (unix(7)) has 108 bytes on Linux, 104 on the BSDs and macOS. */
const MAX_PATH_BYTES = process.platform === 'linux' ? 107 : 103
/** Largest request, as over WebSocket. */
export const MAX_IPC_MESSAGE_BYTES = 32 * 1024 * 1024
const MAX_CONNECTIONS = 1_024

export interface IpcEndpointOptions {
  readonly path: string
  readonly handler: RequestHandler
  /** Time for a call of the client, in milliseconds. */
  readonly timeout: number
  readonly limits: ServerLimits
  readonly clock: Clock
  readonly log: Logger
}

export class IpcEndpoint {
  readonly path: string
  readonly #server: Server
  readonly #options: IpcEndpointOptions
  /** BOUNDED: by MAX_CONNECTIONS. */
  readonly #sessions = new Map<Session, Socket>()

  private constructor(options: IpcEndpointOptions) {
    this.#options = options
    this.path = options.path
    this.#server = createServer((socket) => this.#accept(socket))
    this.#server.maxConnections = MAX_CONNECTIONS
  }

  /** Replaces a stale socket file. Rejects with a ConfigError (`ipcPath`). */
  static async listen(options: IpcEndpointOptions): Promise<IpcEndpoint> {
    const { path, log } = options
    // The system ends the path there, or, where it comes first, opens an abstract socket to all users.
    if (path.includes('\0')) throw new ConfigError('ipcPath', `${JSON.stringify(path)} holds a NUL character`)
    if (process.platform !== 'win32') await removeStaleSocket(path)
    const endpoint = new IpcEndpoint(options)
    await new Promise<void>((resolve, reject) => {
      endpoint.#server.once('error', (error) => reject(cannotListen(path, error)))
      withPrivateUmask(() => endpoint.#server.listen(path, resolve))
    })
    endpoint.#server.removeAllListeners('error')
    endpoint.#server.on('error', (error) => log.warn('Accept failed', { error }))
    return endpoint
  }

  async close(grace: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const session of this.#sessions.keys()) void session.finish(grace)
    const timer = this.#options.clock.setTimer(grace + CLOSE_TIMEOUT, () => {
      for (const socket of this.#sessions.values()) socket.destroy()
    })
    await closed
    timer.cancel()
  }

  #accept(socket: Socket): void {
    const { handler, timeout, limits, clock, log } = this.#options
    const wire = new IpcWire(socket)
    const session: Session = new Session({
      wire,
      handler,
      timeout,
      limits,
      clock,
      log,
      remote: { transport: 'ipc', address: '' },
      endsOnParseError: true,
    })
    this.#sessions.set(session, socket)
    socket.on('close', () => this.#sessions.delete(session))
    wire.open(session, { maxBytes: MAX_IPC_MESSAGE_BYTES, maxValues: MAX_VALUES })
  }
}

/**
 * Calls `listen` with a umask that keeps other users out from the start. A worker cannot set it: there the folder must
 * protect.
 */
function withPrivateUmask(listen: () => void): void {
  if (!isMainThread) return listen()
  const before = process.umask(0o177)
  try {
    listen()
  } finally {
    process.umask(before)
  }
}

async function removeStaleSocket(path: string): Promise<void> {
  const bytes = Buffer.byteLength(path)
  if (bytes > MAX_PATH_BYTES) {
    const message = `${path} is too long: ${bytes} bytes, at most ${MAX_PATH_BYTES}`
    throw new ConfigError('ipcPath', message, { hint: 'choose a shorter path' })
  }
  const existing = await stat(path).catch(() => undefined)
  if (!existing) {
    if (await stat(dirname(path)).catch(() => undefined)) return
    throw new ConfigError('ipcPath', `the folder of ${path} is missing`, { hint: 'create it first' })
  }
  if (!existing.isSocket()) throw new ConfigError('ipcPath', `${path} exists and is not a socket`)
  if (await isListening(path)) {
    throw new ConfigError('ipcPath', `${path} is in use by another process`, {
      hint: 'stop that process, or choose another path',
    })
  }
  await rm(path, { force: true })
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const done = (answer: boolean) => () => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', done(true)).once('error', done(false))
  })
}

function cannotListen(path: string, error: NodeJS.ErrnoException): ConfigError {
  return new ConfigError('ipcPath', `cannot listen on ${path}: ${error.code ?? error.message}`, { cause: error })
}
