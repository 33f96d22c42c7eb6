/**
 * Servers on a network in memory and a clock that the test turns, and remotes that dial them below the level of a server.
 * @module
 */
import { FakeClock } from '../../src/base/clock.ts'
import type { Subscription } from '../../src/base/events.ts'
import { rlp } from '../../src/codec/index.ts'
import { type Capability, exchangeHello, type Hello, helloCodec } from '../../src/devp2p/hello.ts'
import { RlpxTransport } from '../../src/devp2p/rlpx/index.ts'
import type { ServerEvent } from '../../src/devp2p/server/events.ts'
import type { ServerOptions } from '../../src/devp2p/server/options.ts'
import { Server } from '../../src/devp2p/server/server.ts'
import type { ServerPeer } from '../../src/devp2p/server/server-peer.ts'
import { NodeKey, parseEnode } from '../../src/identity/index.ts'
import { type ByteStream, type Latency, MemoryNetwork } from '../../src/net/index.ts'
import { defineProtocol, message } from '../../src/peer/index.ts'

/** Addresses far from each other, none in a LAN. */
export const FAR = ['1.0.0.1', '2.0.0.1', '3.0.0.1', '4.0.0.1', '5.0.0.1'] as const

const talk = rlp.struct({ id: rlp.uint, text: rlp.text })

/** Answers requests for as long as the peer lives. */
export const echo = defineProtocol({
  name: 'echo',
  version: 1,
  messages: { ask: message(0, talk, { maxBytes: 4096 }), answer: message(1, talk) },
  async run(_peer, channel) {
    for await (const msg of channel) if (msg.name === 'ask') await channel.send('answer', msg.body)
  },
})
const ECHO: readonly Capability[] = [{ name: 'echo', version: 1 }]

export interface CallOptions {
  readonly key?: NodeKey
  readonly capabilities?: readonly Capability[]
  /** Fields of Hello that replace the true ones. */
  readonly hello?: Partial<Hello>
}

export interface Call {
  readonly transport: RlpxTransport
  readonly hello: Hello
}

/** Machines, their clock and everything that has to be closed in the end. */
export class World implements AsyncDisposable {
  readonly clock = new FakeClock()
  readonly network: MemoryNetwork
  readonly #servers: Server[] = []

  constructor(latency: Latency = 0) {
    this.network = new MemoryNetwork({ clock: this.clock, latency })
  }

  /** A server on the machine with this IP, with {@link echo} unless told otherwise. */
  async server(ip: string, options: Partial<ServerOptions> = {}): Promise<Server> {
    const server = await Server.listen({
      key: NodeKey.generate(),
      protocols: [echo],
      network: this.network.host(ip),
      listen: ':30303',
      clock: this.clock,
      random: () => 0.5,
      ...options,
    })
    this.#servers.push(server)
    return server
  }

  /** Lets all that is ready run, without moving the clock. */
  async settle(): Promise<void> {
    for (let i = 0; i < 12; i++) await this.clock.advance(0)
  }

  /** Turns the clock until the promise has settled. */
  async until<T>(promise: Promise<T>, step = 100): Promise<T> {
    let settled = false
    const mark = (): void => {
      settled = true
    }
    promise.then(mark, mark)
    for (let i = 0; i < 2_000 && !settled; i++) await this.clock.advance(i < 20 ? 0 : step)
    if (!settled) throw new Error('nothing comes of it, however long one waits')
    return await promise
  }

  /** Connects a machine to a server and says nothing. */
  connect(ip: string, server: Server): Promise<ByteStream> {
    const { host, tcpPort } = parseEnode(server.enode)
    return this.until(this.network.host(ip).connect({ host, port: tcpPort }))
  }

  /** RLPx and Hello, as a stranger on that machine. Rejects with what the server said against it. */
  async call(ip: string, server: Server, options: CallOptions = {}): Promise<Call> {
    const { key = NodeKey.generate(), capabilities = ECHO } = options
    const { publicKey: remotePublicKey } = parseEnode(server.enode)
    const stream = await this.connect(ip, server)
    const { clock } = this
    const transport = await this.until(RlpxTransport.initiate(stream, { key, clock, remotePublicKey }))
    const ours = { version: 5, clientId: 'stranger', capabilities, listenPort: 0, id: key.publicKey, ...options.hello }
    const encoded = helloCodec.encode({ ...ours, capabilities: [...ours.capabilities] })
    const hello = await this.until(exchangeHello(transport, encoded, { remotePublicKey, clock }))
    return { transport, hello }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.until(Promise.all(this.#servers.map((server) => server.close())))
  }
}

/** Collects the events of an observer, in order: the list grows. */
export function collect(subscription: Subscription<ServerEvent>): ServerEvent[] {
  const seen: ServerEvent[] = []
  void (async () => {
    for await (const event of subscription) seen.push(event)
  })()
  return seen
}

/** The one peer a server has. */
export function only(server: Server): ServerPeer {
  const [peer, ...others] = server.peers.values()
  if (!peer || others.length > 0) throw new Error(`${server.peers.size} peers where one was expected`)
  return peer
}

/** The first message the server sends after the Hellos: its code and payload. */
export function firstFrame(transport: RlpxTransport): Promise<{ readonly code: number; readonly payload: Uint8Array }> {
  return new Promise((resolve, reject) => {
    transport.open({
      frame: (code, payload) => resolve({ code, payload }),
      drain() {},
      end: (error) => reject(error ?? new Error('the connection ended without a word')),
    })
    transport.resume()
  })
}
