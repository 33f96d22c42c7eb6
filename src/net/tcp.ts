/**
 * Streams over TCP.
 * @module
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { type Clock, systemClock, type Timer } from '../base/clock.ts'
import { PeerClosedError } from '../base/errors.ts'
import { BusyPoll } from './busy-poll.ts'
import { attemptToConnect, brokenConnection, listenError } from './failures.ts'
import { parseIp } from './ip.ts'
import {
  type ByteStream,
  CLOSE_TIMEOUT,
  type ConnectOptions,
  type Endpoint,
  type HostAndPort,
  type Listener,
  type ListenOptions,
  type Network,
  STREAM_HIGH_WATER_BYTES,
  type StreamSink,
} from './network.ts'

export class TcpNetwork implements Network {
  readonly #clock: Clock

  constructor(options: { readonly clock?: Clock } = {}) {
    this.#clock = options.clock ?? systemClock
  }

  listen(options: ListenOptions): Promise<Listener> {
    const server = createServer({ pauseOnConnect: true, noDelay: true, highWaterMark: STREAM_HIGH_WATER_BYTES })
    server.on('connection', (socket) => this.#accept(socket, options))
    return new Promise((resolve, reject) => {
      const onFail = (error: NodeJS.ErrnoException): void => reject(listenError(error, options))
      server.once('error', onFail)
      const onListening = (): void => {
        server.off('error', onFail)
        server.on('error', (error) => options.onError?.(error))
        resolve(new TcpListener(server))
      }
      try {
        server.listen({ port: options.port, ...(options.host !== undefined && { host: options.host }) }, onListening)
      } catch (error) {
        reject(listenError(error as NodeJS.ErrnoException, options)) // a port outside 0 to 65535 throws
      }
    })
  }

  connect(target: HostAndPort, options: ConnectOptions = {}): Promise<ByteStream> {
    return attemptToConnect<ByteStream>(this.#clock, target, options, (outcome) => {
      const socket = connect({ host: target.host, port: target.port, noDelay: true, ...WATER_MARKS })
      socket.pause() // otherwise the socket reads before a sink is there
      socket.on('error', outcome.fail)
      socket.once('connect', () => {
        const stream = TcpStream.over(socket, this.#clock)
        socket.off('error', outcome.fail)
        if (stream) outcome.resolve(stream)
        else outcome.fail(new PeerClosedError('remote', 'closed at once'))
      })
      return () => socket.destroy()
    })
  }

  #accept(socket: Socket, options: ListenOptions): void {
    const stream = TcpStream.over(socket, this.#clock)
    if (!stream) return
    try {
      options.onConnection(stream)
    } catch (error) {
      stream.destroy(error)
      options.onError?.(error)
    }
  }
}

/** TCP with Nagle's algorithm off, on the system's clock. */
export const tcpNetwork: Network = new TcpNetwork()

/** Options of the Duplex below the socket, which the types of `connect` lack. */
const WATER_MARKS: object = { writableHighWaterMark: STREAM_HIGH_WATER_BYTES }

class TcpListener implements Listener {
  readonly endpoint: Endpoint
  readonly #server: Server

  constructor(server: Server) {
    const { address, port } = server.address() as AddressInfo
    this.endpoint = { ip: parseIp(address) ?? address, port }
    this.#server = server
  }

  /** Stops listening. The port is free when this resolves; Node's own callback would wait for every connection. */
  async close(): Promise<void> {
    this.#server.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

const STREAM = Symbol('the stream over this socket')

type OwnedSocket = Socket & { readonly [STREAM]: TcpStream }

/** Stream over a socket: one object for each connection, and nothing is allocated per chunk. */
class TcpStream implements ByteStream {
  readonly local: Endpoint
  readonly remote: Endpoint
  readonly #socket: Socket
  readonly #clock: Clock
  #sink: StreamSink | undefined
  #paused = false
  /** Set once nothing is written or delivered any more: ended by either side, or destroyed. */
  #over = false
  /** Set once {@link #sink} has been told of the end. */
  #ended = false
  /** Set from the remote's end in order until a sink is told: Node reports it even while its last bytes are paused. */
  #endMayWait = false
  #error: unknown
  #closed: Promise<void> | undefined
  #closeTimer: Timer | undefined

  /** Handlers shared by all sockets: closures would be the larger part of a stream's memory. */
  static readonly #handlers = {
    error(this: OwnedSocket, error: NodeJS.ErrnoException): void {
      this[STREAM].#onError(error)
    },
    data(this: OwnedSocket, chunk: Uint8Array): void {
      this[STREAM].#onData(chunk)
    },
    drain(this: OwnedSocket): void {
      this[STREAM].#onDrain()
    },
    end(this: OwnedSocket): void {
      this[STREAM].#onEnd()
    },
    close(this: OwnedSocket): void {
      this[STREAM].#onClose()
    },
  }

  /** @returns undefined, with the socket destroyed, for a connection that has ended already. */
  static over(socket: Socket, clock: Clock): TcpStream | undefined {
    const { remoteAddress, remotePort } = socket
    if (remoteAddress !== undefined && remotePort !== undefined) {
      return new TcpStream(socket, clock, { ip: parseIp(remoteAddress) ?? remoteAddress, port: remotePort })
    }
    socket.on('error', ignore)
    socket.destroy()
    return undefined
  }

  private constructor(socket: Socket, clock: Clock, remote: Endpoint) {
    const { localAddress = '', localPort = 0 } = socket
    this.local = { ip: parseIp(localAddress) ?? localAddress, port: localPort }
    this.remote = remote
    this.#socket = socket
    this.#clock = clock
    const { error, data, drain, end, close } = TcpStream.#handlers
    const owned = Object.assign(socket, { [STREAM]: this })
    owned.on('error', error).on('data', data).on('drain', drain).on('end', end).on('close', close)
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength
  }

  open(sink: StreamSink): void {
    this.#sink = sink
    this.#ended = false
    if (this.#socket.closed) process.nextTick(() => this.#deliverEnd())
    else if (!this.#paused) this.#socket.resume()
  }

  write(bytes: Uint8Array): boolean {
    if (this.#over) return true
    return this.#socket.write(bytes)
  }

  pause(): void {
    this.#paused = true
    if (!this.#over) this.#socket.pause()
  }

  resume(): void {
    this.#unpause()
    if (this.#sink) this.#socket.resume()
  }

  end(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      if (this.#socket.closed) resolve()
      else this.#socket.once('close', () => resolve())
    })
    this.#unpause()
    if (!this.#over) this.#shut()
    return this.#closed
  }

  destroy(error?: unknown): void {
    if (!this.#over) this.#error = error
    this.#over = true
    this.#unpause()
    this.#socket.destroy()
  }

  /** Clears the pause, and delivers an end that waited for that. */
  #unpause(): void {
    this.#paused = false
    if (this.#endMayWait) process.nextTick(() => this.#deliverEnd())
  }

  /** Sends what is queued and the FIN, then reads on: closing with unread bytes would reset what is still in flight. */
  #shut(): void {
    this.#over = true
    this.#socket.end()
    this.#socket.resume()
    this.#closeTimer ??= this.#clock.setTimer(CLOSE_TIMEOUT, () => this.#socket.destroy())
  }

  #onData(chunk: Uint8Array): void {
    if (this.#over) return
    busyPoll.arrived()
    try {
      this.#sink?.data(chunk)
    } catch (error) {
      this.destroy(error)
    }
  }

  #onDrain(): void {
    if (this.#over) return
    try {
      this.#sink?.drain()
    } catch (error) {
      this.destroy(error)
    }
  }

  #onEnd(): void {
    this.#endMayWait = true
    if (!this.#over) this.#shut()
    if (!this.#socket.destroyed) this.#deliverEnd()
  }

  #onError(error: NodeJS.ErrnoException): void {
    if (this.#over) return
    this.#over = true
    this.#error = brokenConnection(this.remote, error)
  }

  #onClose(): void {
    this.#over = true
    this.#closeTimer?.cancel()
    this.#deliverEnd()
  }

  #deliverEnd(): void {
    if (this.#ended || !this.#sink || (this.#paused && this.#endMayWait)) return
    this.#ended = true
    this.#endMayWait = false
    try {
      this.#sink.end(this.#error)
    } catch {
      this.#socket.destroy() // the sink has failed at its last call
    }
  }
}

/** Shared by all sockets, as they share one event loop. */
const busyPoll = new BusyPoll()

const ignore = (): void => {}
