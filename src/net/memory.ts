/**
 * A network inside this process, for tests and simulations: the same behaviour as TCP, the same order on every run, and
 * faults on demand.
 * @module
 */
import { type Clock, systemClock } from '../base/clock.ts'
import { ConfigError, PeerClosedError } from '../base/errors.ts'
import { attemptToConnect, listenError, portInUse } from './failures.ts'
import { isLoopback, parseIp } from './ip.ts'
import { MemoryStream, type Wires } from './memory-stream.ts'
import {
  type ByteStream,
  type ConnectOptions,
  type Endpoint,
  formatEndpoint,
  type HostAndPort,
  type Listener,
  type ListenOptions,
  type Network,
} from './network.ts'

/** One-way delay in milliseconds, the same for all or by link. */
export type Latency = number | ((from: Endpoint, to: Endpoint) => number)

export interface MemoryNetworkOptions {
  /** Clock of latency and timeouts. @default systemClock */
  readonly clock?: Clock
  /** @default 0 */
  readonly latency?: Latency
}

/** First port that is assigned where port 0 is asked for (RFC 6335, 6). */
const FIRST_DYNAMIC_PORT = 49_152

/** Deliveries in a row before timers and sockets run: endless traffic must not stop the clock. */
const BURST = 1_000

/**
 * A network of any number of machines, by IP. As a `Network` itself, it is the machine 127.0.0.1 and may listen on any
 * IP; {@link host} gives the network as another machine sees it. Names are not looked up. What is in flight keeps the
 * process alive; a listener or an idle connection does not, for nothing comes to it from outside.
 */
export class MemoryNetwork implements Network {
  /** Latency of what is sent from now on. May be changed at any time; bytes in flight keep their order. */
  latency: Latency
  readonly #clock: Clock
  readonly #wires: Wires
  readonly #self: Network
  /** BOUNDED: by the machines the test sets up. */
  readonly #listeners = new Map<string, ListenOptions>()
  /** BOUNDED: by the connections that are open. */
  readonly #streams = new Set<MemoryStream>()
  readonly #isolated = new Set<string>()
  #nextPort = FIRST_DYNAMIC_PORT
  #burst = 0

  constructor(options: MemoryNetworkOptions = {}) {
    this.latency = options.latency ?? 0
    this.#clock = options.clock ?? systemClock
    this.#wires = {
      clock: this.#clock,
      later: (delay, callback) => this.#later(delay, callback),
      latency: (from, to) => this.#latencyOf(from, to),
      connected: (from, to) => !this.#isolated.has(from.ip) && !this.#isolated.has(to.ip),
      forget: (stream) => this.#streams.delete(stream),
    }
    this.#self = this.host('127.0.0.1')
  }

  /** @returns the network as the machine with this IP sees it: connections come from there, its loopback is itself. */
  host(ip: string): Network {
    return {
      listen: (options) => this.#listen(ip, options),
      connect: (target, options) => this.#connect(ip, target, options),
    }
  }

  listen(options: ListenOptions): Promise<Listener> {
    return this.#self.listen(options)
  }

  connect(target: HostAndPort, options?: ConnectOptions): Promise<ByteStream> {
    return this.#self.connect(target, options)
  }

  /** Breaks every connection from or to this endpoint, or this whole machine. @returns their number. */
  cut(target: { readonly ip: string; readonly port?: number }): number {
    let count = 0
    for (const stream of this.#streams) {
      const { ip, port } = stream.local
      if (ip !== target.ip || (target.port !== undefined && port !== target.port)) continue
      stream.cut()
      count++
    }
    return count
  }

  /** Isolates a machine: until {@link heal} nothing reaches it or leaves it, without an error at either end. */
  isolate(ip: string): void {
    this.#isolated.add(ip)
  }

  /** Ends an isolation; bytes in flight arrive now. */
  heal(ip: string): void {
    this.#isolated.delete(ip)
    for (const stream of this.#streams) stream.wake()
  }

  async #listen(machine: string, options: ListenOptions): Promise<Listener> {
    const ip = addressOf(options.host ?? machine, machine)
    if (ip === undefined) throw new ConfigError('host', `${options.host} is not an IP`)
    const badPort = !(options.port >= 0 && options.port < 65_536)
    if (badPort) throw listenError(Object.assign(new RangeError(), { code: 'ERR_SOCKET_BAD_PORT' }), options)
    const endpoint = { ip, port: options.port || this.#freePort(ip) }
    const key = formatEndpoint(ip, endpoint.port)
    if (this.#listeners.has(key)) throw portInUse(endpoint.port)
    this.#listeners.set(key, options)
    const close = async (): Promise<void> => {
      if (this.#listeners.get(key) === options) this.#listeners.delete(key)
    }
    return { endpoint, close, [Symbol.asyncDispose]: close }
  }

  #connect(machine: string, target: HostAndPort, options: ConnectOptions = {}): Promise<ByteStream> {
    return attemptToConnect<ByteStream>(this.#clock, target, options, (outcome) => {
      let cancelled = false
      const ip = addressOf(target.host, machine)
      if (ip === undefined) outcome.fail(new PeerClosedError('local', 'no such host'))
      else {
        const from = { ip: machine, port: this.#freePort(machine) }
        const to = { ip, port: target.port }
        const roundTrip = this.#latencyOf(from, to) + this.#latencyOf(to, from)
        this.#later(roundTrip, () => {
          if (cancelled || !this.#wires.connected(from, to)) return // silence: the attempt times out
          const listener = this.#listeners.get(formatEndpoint(ip, target.port))
          if (listener) outcome.resolve(this.#join(from, to, listener))
          else outcome.fail(new PeerClosedError('remote', 'connection refused'))
        })
      }
      return () => {
        cancelled = true
      }
    })
  }

  #join(from: Endpoint, to: Endpoint, listener: ListenOptions): ByteStream {
    const [dialer, acceptor] = MemoryStream.pair(this.#wires, from, to)
    this.#streams.add(dialer).add(acceptor)
    this.#later(0, () => {
      try {
        listener.onConnection(acceptor)
      } catch (error) {
        acceptor.destroy(error)
        listener.onError?.(error)
      }
    })
    return dialer
  }

  #latencyOf(from: Endpoint, to: Endpoint): number {
    return typeof this.latency === 'number' ? this.latency : this.latency(from, to)
  }

  #later(delay: number, callback: () => void): void {
    // As a socket would, bytes in flight keep the process alive.
    if (delay > 0) this.#clock.setTimer(delay, callback, { ref: true })
    else if (this.#burst < BURST) {
      if (this.#burst++ === 0) setImmediate(() => (this.#burst = 0))
      queueMicrotask(callback)
    } else setImmediate(callback)
  }

  #freePort(ip: string): number {
    for (;;) {
      const port = this.#nextPort++
      if (this.#nextPort > 65_535) this.#nextPort = FIRST_DYNAMIC_PORT
      if (!this.#listeners.has(formatEndpoint(ip, port))) return port
    }
  }
}

/** @returns the IP of a host as seen from a machine; undefined for a name. */
function addressOf(host: string, machine: string): string | undefined {
  const ip = host === 'localhost' ? machine : parseIp(host)
  return ip !== undefined && (ip === '0.0.0.0' || ip === '::' || isLoopback(ip)) ? machine : ip
}
