/**
 * devp2p server: the public face, and the life, of dialing (`dialing.ts`), listening (`listening.ts`) and the peers
 * (`peer-set.ts`).
 * @module
 */
import { setMaxListeners } from 'node:events'
import { bytesToHex } from '../../base/bytes.ts'
import { holdProcess, type Timer } from '../../base/clock.ts'
import { atField } from '../../base/errors.ts'
import { Events, type SubscribeOptions, type Subscription } from '../../base/events.ts'
import { secp256k1 } from '../../crypto/index.ts'
import { type Enode, type Enr, formatEnode, parseEnode } from '../../identity/index.ts'
import { formatEndpoint, parseIp } from '../../net/index.ts'
import { type BanInfo, SlotClasses, slotLimits } from '../../pool/index.ts'
import { formatCapability } from '../capabilities.ts'
import { DisconnectReason, disconnected } from '../disconnect.ts'
import { PendingWork, type ServerContext } from './context.ts'
import { Dialing } from './dialing.ts'
import type { ServerEvent } from './events.ts'
import { Listening } from './listening.ts'
import { ServerMetrics } from './metrics.ts'
import { type ServerOptions, type Settings, settingsOf } from './options.ts'
import { type NodeInfo, nodeInfoOf, type PeerInfo } from './peer-info.ts'
import { PeerSet } from './peer-set.ts'
import type { ServerPeer } from './server-peer.ts'

/** btcd's `banduration`, in milliseconds. */
const OPERATOR_BAN_TIMEOUT = 24 * 60 * 60_000

/**
 * This program's node on a devp2p network: listens, dials, and runs the protocols with every peer; go-ethereum's `p2p.Server`.
 * Runs from {@link Server.listen} until it is closed, and keeps the process alive for that long.
 */
export class Server implements AsyncDisposable {
  /** Resolves when everything has ended. */
  readonly closed: Promise<void>
  readonly #settings: Settings
  readonly #context: ServerContext
  readonly #abort = new AbortController()
  readonly #peers: PeerSet
  readonly #dialing: Dialing
  readonly #listening: Listening
  readonly #hold: Timer
  #finish: () => void = () => {}

  /** Starts a server. Rejects with a `ConfigError` that names the option at fault, or with the signal's reason. */
  static async listen(options: ServerOptions): Promise<Server> {
    const settings = settingsOf(options)
    const statics = atField('staticNodes', () => (options.staticNodes ?? []).map(parseEnode))
    const trusted = atField('trustedNodes', () => (options.trustedNodes ?? []).map(parseEnode))
    options.signal?.throwIfAborted()
    const server = new Server(settings)
    for (const node of trusted) server.#peers.setTrusted(idOf(node), true)
    try {
      await server.#listening.open()
    } catch (error) {
      await server.close()
      throw error
    }
    settings.log.info('Started devp2p', { enode: server.enode, secp256k1: secp256k1().backend })
    for (const node of statics) server.#dialing.addStatic(node)
    server.#dialing.wake()
    return server
  }

  private constructor(settings: Settings) {
    this.#settings = settings
    this.#hold = holdProcess(settings.clock)
    setMaxListeners(0, this.#abort.signal) // each pending connection adds a listener: not a leak
    const slots = new SlotClasses(slotLimits(settings))
    const counts = () => ({ inbound: slots.taken('inbound'), dialed: slots.taken('dialed') })
    this.#context = {
      settings,
      events: new Events<ServerEvent>(),
      metrics: new ServerMetrics(settings.metrics, counts),
      signal: this.#abort.signal,
      pending: new PendingWork(),
    }
    this.#peers = new PeerSet(this.#context, {
      slots,
      onDrop: ({ id }, lived) => this.#dialing.lost(id, lived),
      onBan: ({ remote }) => this.#listening.throttle(remote.ip),
      isStatic: (id) => this.#dialing.isStatic(id),
    })
    this.#dialing = new Dialing(this.#context, this.#peers)
    this.#listening = new Listening(this.#context, this.#peers)
    this.closed = new Promise((resolve) => {
      this.#finish = resolve
    })
    settings.signal?.addEventListener('abort', () => void this.close(), { once: true, signal: this.#abort.signal })
  }

  /** Connected peers by id. */
  get peers(): ReadonlyMap<string, ServerPeer> {
    return this.#peers.all
  }

  /** Client name in Hello. */
  get name(): string {
    return this.#settings.name
  }

  /** enode URL of this node; port 0 when it does not listen. */
  get enode(): string {
    const { publicKey } = this.#settings.key
    const port = this.#listening.endpoint?.port ?? 0
    return formatEnode({ publicKey, host: this.#listening.ip, tcpPort: port, udpPort: 0 }) // no discovery, no UDP
  }

  /** Signed record of this node: its endpoint and the attributes of its protocols, as of now. */
  get record(): Enr {
    const { localNode, protocols } = this.#settings
    for (const protocol of protocols) localNode.set(formatCapability(protocol), protocol.attributes?.() ?? {})
    return localNode.record
  }

  /** Subscribes to events from now on. Message events cost nothing while there is no subscription. */
  events(options: SubscribeOptions = {}): Subscription<ServerEvent> {
    return this.#context.events.subscribe(options)
  }

  /**
   * Dials once, now, regardless of the redial interval; returns the peer if the node is connected already. Rejects with a
   * `ConfigError` for an invalid URL, a `HandshakeError`, a `PeerClosedError` when the node refuses, a `PeerloomError`
   * `ERR_REFUSED` when this side does, or the signal's reason.
   */
  async dial(url: string, options: { readonly signal?: AbortSignal } = {}): Promise<ServerPeer> {
    const node = parseEnode(url)
    return this.#peers.get(idOf(node)) ?? (await this.#dialing.dial(node, options.signal))
  }

  /** Keeps a node connected: dials it again whenever it is lost. Throws a `ConfigError` for an invalid URL. */
  addStatic(url: string): void {
    this.#dialing.addStatic(parseEnode(url))
  }

  /** Stops dialing the node, and disconnects it. @returns false if it was not static */
  removeStatic(url: string): boolean {
    const id = idOf(parseEnode(url))
    const known = this.#dialing.removeStatic(id)
    this.#peers.get(id)?.disconnect(DisconnectReason.Requested)
    return known
  }

  /** Admits a node even when all slots are taken. Throws a `ConfigError` for an invalid URL. */
  addTrusted(url: string): void {
    this.#peers.setTrusted(idOf(parseEnode(url)), true)
  }

  removeTrusted(url: string): void {
    this.#peers.setTrusted(idOf(parseEnode(url)), false)
  }

  /**
   * Bans the addresses of a node for so many milliseconds, as btcd does: the one in the URL, and the one it is connected
   * from. Disconnects all peers there, and stops dialing the node; other nodes there, static ones too, are neither admitted
   * nor dialed until the ban ends. Throws a `ConfigError` for an invalid URL or timeout.
   * @param timeout default: 24 hours
   * @returns the addresses
   */
  ban(url: string, timeout: number = OPERATOR_BAN_TIMEOUT): readonly string[] {
    const node = parseEnode(url)
    const host = addressOf(node)
    const ips = new Set([host, this.#peers.get(idOf(node))?.remote.ip ?? host])
    this.#settings.reputation.banIps(ips, idOf(node), timeout)
    this.#settings.log.info('Addresses banned', { ips: [...ips].join(), seconds: Math.round(timeout / 1_000) })
    this.removeStatic(url)
    for (const peer of this.peers.values()) if (ips.has(peer.remote.ip)) peer.disconnect()
    return [...ips]
  }

  /** Lifts the bans of a node, by its score and of addresses banned for it. @returns false if there was none */
  unban(url: string): boolean {
    const node = parseEnode(url)
    return this.#settings.reputation.lift(idOf(node), addressOf(node))
  }

  /** Bans in force, those that end last first. */
  bans(): BanInfo[] {
    return this.#settings.reputation.bans()
  }

  /** go-ethereum's `admin_peers`, sorted by id; with the score of each node that has one. */
  peerInfos(): PeerInfo[] {
    const { reputation } = this.#settings
    const infos = Array.from(this.peers.values(), (peer) => {
      const score = Math.round(reputation.scoreOf(peer.id))
      return { ...peer.info(), ...(score > 0 && { score }) }
    })
    return infos.sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** go-ethereum's `admin_nodeInfo`. */
  nodeInfo(): NodeInfo {
    const { endpoint, ip } = this.#listening
    return nodeInfoOf({
      id: this.#settings.key.id,
      name: this.#settings.name,
      enode: this.enode,
      enr: this.record.toString(),
      ip,
      port: endpoint?.port ?? 0,
      listenAddr: endpoint ? formatEndpoint(endpoint.ip, endpoint.port) : '',
      protocols: this.#settings.protocols,
    })
  }

  /** Stops listening and dialing, disconnects every peer, and waits until all have ended. */
  async close(): Promise<void> {
    if (!this.#abort.signal.aborted) {
      const reason = disconnected('local', DisconnectReason.Quitting)
      this.#abort.abort(reason)
      this.#dialing.close()
      for (const { peer } of this.peers.values()) peer.close(reason)
      await this.#listening.close()
      await this.#context.pending.idle()
      await Promise.all(Array.from(this.peers.values(), ({ peer }) => peer.closed))
      this.#context.events.close()
      this.#hold.cancel()
      this.#finish()
    }
    await this.closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function idOf(node: Enode): string {
  return bytesToHex(node.id)
}

/** Address of a node as the network reports it, or its name. */
function addressOf({ host }: Enode): string {
  return parseIp(host) ?? host
}
