/**
 * Listening: accepts connections and hands them on to become peers.
 * @module
 */
import { atFieldAsync, describeError } from '../../base/errors.ts'
import { endpointEntries } from '../../identity/index.ts'
import { type ByteStream, type Endpoint, formatEndpoint, type Listener } from '../../net/index.ts'
import type { ServerContext } from './context.ts'
import { InboundLimiter, refused } from './inbound-limiter.ts'
import type { PeerSet } from './peer-set.ts'

export class Listening {
  readonly #context: ServerContext
  readonly #peers: PeerSet
  readonly #limiter: InboundLimiter
  #listener: Listener | undefined

  constructor(context: ServerContext, peers: PeerSet) {
    this.#context = context
    this.#peers = peers
    this.#limiter = new InboundLimiter(context.settings)
  }

  /** Bound address; undefined for a server that does not listen. */
  get endpoint(): Endpoint | undefined {
    return this.#listener?.endpoint
  }

  /** Bound IP for the enode URL; 127.0.0.1 when bound to all addresses. */
  get ip(): string {
    const ip = this.endpoint?.ip
    return ip === undefined || ip === '::' || ip === '0.0.0.0' ? '127.0.0.1' : ip
  }

  /** Opens the listener. Rejects with a `ConfigError` that names the option at fault, or with the signal's reason. */
  async open(): Promise<void> {
    const { settings, pending, signal } = this.#context
    const { listen, network, log } = settings
    if (!listen) return
    const callbacks = {
      onConnection: (stream: ByteStream) => pending.add(this.#serve(stream)),
      onError: (error: unknown) => log.warn('Accept failed', { error: describeError(error) }),
    }
    const under = (field: string): string => `listen.${field}`
    this.#listener = await atFieldAsync(under, () => network.listen({ ...listen, ...callbacks }))
    if (signal.aborted) {
      await this.#listener.close()
      throw settings.signal?.reason
    }
    settings.localNode.set('endpoint', endpointEntries({ ip: this.ip, port: this.#listener.endpoint.port }))
  }

  /** Refuses connections of an address for `INBOUND_THROTTLE`. */
  throttle(ip: string): void {
    this.#limiter.throttle(ip)
  }

  async close(): Promise<void> {
    await this.#listener?.close()
  }

  async #serve(stream: ByteStream): Promise<void> {
    const { signal } = this.#context
    const refusal = signal.aborted ? refused('server closing') : this.#limiter.acquire(stream.remote.ip)
    if (refusal) {
      stream.destroy()
      return this.#report(stream, undefined, refusal)
    }
    try {
      const peer = await this.#peers.setUp(stream, { inbound: true, static: false, trusted: false }, signal)
      this.#report(stream, peer.id, undefined)
    } catch (error) {
      this.#report(stream, undefined, error)
    } finally {
      this.#limiter.release()
    }
  }

  #report(stream: ByteStream, id: string | undefined, error: unknown): void {
    const { settings, metrics, events } = this.#context
    const remote = formatEndpoint(stream.remote.ip, stream.remote.port)
    metrics.served(error)
    events.emit({ type: 'serve', remote, ...(id !== undefined && { id }), ...(error !== undefined && { error }) })
    if (error === undefined) return
    settings.log.debug('Rejected inbound connection', { remote, error: describeError(error) })
  }
}
