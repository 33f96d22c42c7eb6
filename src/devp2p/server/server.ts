/**
 * Many peers: listens, dials, decides who becomes a peer, runs the protocols with each.
 *
 * All decisions are plain synchronous calls on one thread; what takes time is the set-up of one connection
 * (`connect.ts`), and it asks {@link Server} at its two checkpoints.
 * @module
 */
import { setMaxListeners } from 'node:events'
import { bytesToHex } from '../../base/bytes.ts'
import { atField, atFieldAsync, describeError, HandshakeError, type PeerClosedError } from '../../base/errors.ts'
import { Events, type SubscribeOptions, type Subscription } from '../../base/events.ts'
import type { LogFields } from '../../base/log.ts'
import { secp256k1 } from '../../crypto/index.ts'
import { type Enode, type Enr, formatEnode, parseEnode } from '../../identity/index.ts'
import { type ByteStream, formatEndpoint, type Listener } from '../../net/index.ts'
import { type AnyProtocol, type Peer, PeerConnection, type PeerObserver } from '../../peer/index.ts'
import { Dialer, Slots } from '../../pool/index.ts'
import { BaseProtocol } from '../base-protocol.ts'
import { capabilitiesOf, formatCapability } from '../capabilities.ts'
import { type Connection, DIAL_TIMEOUT, setUpConnection } from '../connect.ts'
import { DisconnectReason, disconnected } from '../disconnect.ts'
import { encodeHello } from '../hello.ts'
import { type AdmissionState, refuseIdentity, refusePeer } from './admission.ts'
import { CallerGate, refused } from './caller-gate.ts'
import { enodesFrom } from './enode-source.ts'
import type { ServerEvent } from './events.ts'
import { type MessageMeters, ServerMetrics } from './metrics.ts'
import { nodeRecordOf } from './node-record.ts'
import { type ServerOptions, type Settings, settingsOf } from './options.ts'
import { type NodeInfo, nodeInfoOf, type PeerInfo } from './peer-info.ts'
import { type ConnectionFlags, ServerPeer } from './server-peer.ts'

/**
 * This program's node on a devp2p network: listens, dials, shakes hands, and runs the protocols with every peer; go-ethereum's
 * `p2p.Server`. Runs from {@link Server.listen} until it is closed.
 */
export class Server implements AsyncDisposable {
  /** Resolves when everything has ended. */
  readonly closed: Promise<void>
  readonly #settings: Settings
  readonly #id: string
  readonly #hello: Uint8Array
  readonly #slots: Slots
  readonly #dialer: Dialer<Enode>
  readonly #metrics: ServerMetrics
  readonly #events = new Events<ServerEvent>()
  readonly #meters: ReadonlyMap<AnyProtocol, MessageMeters>
  readonly #observer: PeerObserver = {
    message: (peer, direction, protocol, key, bytes) => this.#message(peer, direction, protocol, Number(key), bytes),
    closed: (peer, reason) => this.#dropped(peer, reason),
  }
  readonly #abort = new AbortController()
  /** BOUNDED: by the slots, and the trusted nodes the user named. */
  readonly #peers = new Map<string, ServerPeer>()
  #inbound = 0
  /** BOUNDED: by the user's own calls. */
  readonly #trusted = new Set<string>()
  readonly #gate: CallerGate
  /** Nodes our calls to which are in their handshake. BOUNDED: as the dials in progress. */
  readonly #calling = new Set<string>()
  /** Connections being set up. BOUNDED: by `maxPendingPeers` inbound, by the dialer outbound. */
  readonly #pending = new Set<Promise<unknown>>()
  #listener: Listener | undefined
  #finish: () => void = () => {}

  /** Rejects with a `ConfigError` that names the option at fault, such as a port in use, or with the signal's reason. */
  static async listen(options: ServerOptions): Promise<Server> {
    const settings = settingsOf(options)
    const statics = atField('staticNodes', () => (options.staticNodes ?? []).map(parseEnode))
    const trusted = atField('trustedNodes', () => (options.trustedNodes ?? []).map(parseEnode))
    options.signal?.throwIfAborted()
    const server = new Server(settings)
    for (const { id } of trusted) server.#trusted.add(bytesToHex(id))
    await server.#listen()
    settings.log.info('devp2p runs', { secp256k1: secp256k1().backend })
    for (const node of statics) server.#dialer.addStatic(node)
    server.#dialer.wake()
    return server
  }

  private constructor(settings: Settings) {
    this.#settings = settings
    this.#id = bytesToHex(settings.key.id)
    this.#hello = encodeHello(settings.name, capabilitiesOf(settings.protocols), settings.key.publicKey)
    setMaxListeners(0, this.#abort.signal) // every connection being set up listens, and that is no leak
    this.#slots = new Slots(settings)
    this.#metrics = new ServerMetrics(settings.metrics, () => ({ inbound: this.#inbound, dialed: this.#dialed }))
    this.#meters = new Map(settings.protocols.map((p) => [p, this.#metrics.messages(formatCapability(p))]))
    this.#gate = new CallerGate(settings)
    this.#dialer = new Dialer<Enode>({
      clock: settings.clock,
      random: settings.random,
      log: settings.log,
      maxActiveDials: settings.maxPendingPeers,
      idOf: (node) => bytesToHex(node.id),
      freeSlots: () => this.#slots.maxDialed - this.#dialed,
      refuse: (node) => this.#refuseDial(node),
      dial: async (node, isStatic) => void (await this.#dial(node, isStatic)),
      candidates: settings.candidates && enodesFrom(settings.candidates, settings.log),
    })
    this.closed = new Promise((resolve) => {
      this.#finish = resolve
    })
    settings.signal?.addEventListener('abort', () => void this.close(), { once: true, signal: this.#abort.signal })
  }

  /** Connected peers by id. */
  get peers(): ReadonlyMap<string, ServerPeer> {
    return this.#peers
  }

  /** This node's own URL: how others reach it. Port 0 when it does not listen. */
  get enode(): string {
    const { publicKey } = this.#settings.key
    const port = this.#listener?.endpoint.port ?? 0
    return formatEnode({ publicKey, host: this.#ownIp, tcpPort: port, udpPort: 0 }) // no discovery: nobody listens on UDP
  }

  /** This node's signed record: where it listens, and what its protocols say of themselves. */
  get record(): Enr {
    const { key, protocols, clock } = this.#settings
    const endpoint = this.#listener && { ip: this.#ownIp, port: this.#listener.endpoint.port }
    return nodeRecordOf({ key, protocols, endpoint, sequence: BigInt(clock.unixTime()) })
  }

  /** What happens from now on. Message events cost only while somebody looks. */
  events(options: SubscribeOptions = {}): Subscription<ServerEvent> {
    return this.#events.subscribe(options)
  }

  /**
   * Connects once, now, whatever the dial history says; a node that is connected already is returned. Rejects with a
   * `ConfigError` for a URL that is none, else with why it did not become a peer: a
   * `HandshakeError`, a `PeerClosedError` when the node refuses us, or the signal's reason.
   */
  async dial(url: string, options: { readonly signal?: AbortSignal } = {}): Promise<ServerPeer> {
    const node = parseEnode(url)
    const id = bytesToHex(node.id)
    const known = this.#peers.get(id)
    if (known) return known
    if (this.#dialer.isDialing(id)) throw new HandshakeError('ERR_DIALING', 'connect', `already dialing ${url}`)
    return await this.#dial(node, this.#dialer.isStatic(id), options.signal)
  }

  /** Keeps this node connected from now on: dials again whenever it is lost. Throws a `ConfigError` for a URL that is none. */
  addStatic(url: string): void {
    this.#dialer.addStatic(parseEnode(url))
  }

  /** Stops dialing the node, and disconnects it. False when it was not static. */
  removeStatic(url: string): boolean {
    const id = bytesToHex(parseEnode(url).id)
    const known = this.#dialer.removeStatic(id)
    this.#peers.get(id)?.disconnect(DisconnectReason.Requested)
    return known
  }

  /** Lets this node in even when all slots are taken. */
  addTrusted(url: string): void {
    this.#setTrusted(bytesToHex(parseEnode(url).id), true)
  }

  removeTrusted(url: string): void {
    this.#setTrusted(bytesToHex(parseEnode(url).id), false)
  }

  /** go-ethereum's `admin_peers`: sorted by id. */
  peerInfos(): PeerInfo[] {
    return [...this.#peers.values()].map((peer) => peer.info()).sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** go-ethereum's `admin_nodeInfo`. */
  nodeInfo(): NodeInfo {
    const endpoint = this.#listener?.endpoint
    return nodeInfoOf({
      id: this.#settings.key.id,
      name: this.#settings.name,
      enode: this.enode,
      enr: this.record.toString(),
      ip: this.#ownIp,
      port: endpoint?.port ?? 0,
      listenAddr: endpoint ? formatEndpoint(endpoint.ip, endpoint.port) : '',
      protocols: this.#settings.protocols,
    })
  }

  /** Stops listening and dialing, says goodbye to every peer, and waits until all have ended. */
  async close(): Promise<void> {
    if (!this.#abort.signal.aborted) {
      const reason = disconnected('local', DisconnectReason.Quitting)
      this.#abort.abort(reason)
      this.#dialer.close()
      for (const { peer } of this.#peers.values()) peer.close(reason)
      await this.#listener?.close()
      while (this.#pending.size > 0) await Promise.all(this.#pending)
      await Promise.all(Array.from(this.#peers.values(), ({ peer }) => peer.closed))
      this.#events.close()
      this.#finish()
    }
    await this.closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  get #dialed(): number {
    return this.#peers.size - this.#inbound
  }

  get #ownIp(): string {
    const ip = this.#listener?.endpoint.ip
    return ip === undefined || ip === '::' || ip === '0.0.0.0' ? '127.0.0.1' : ip
  }

  async #listen(): Promise<void> {
    const { listen, network, log, signal } = this.#settings
    if (!listen) return
    const callbacks = {
      onConnection: (stream: ByteStream) => this.#track(this.#serve(stream)),
      onError: (error: unknown) => log.warn('cannot accept a connection', { error: describeError(error) }),
    }
    const under = (field: string): string => `listen.${field}`
    this.#listener = await atFieldAsync(under, () => network.listen({ ...listen, ...callbacks }))
    if (this.#abort.signal.aborted) {
      await this.#listener.close()
      throw signal?.reason
    }
    log.info('listening', { enode: this.enode })
  }

  #track(work: Promise<unknown>): void {
    const tracked = work.finally(() => this.#pending.delete(tracked))
    this.#pending.add(tracked)
  }

  async #serve(stream: ByteStream): Promise<void> {
    const refusal = this.#abort.signal.aborted ? refused('closing') : this.#gate.enter(stream.remote.ip)
    if (refusal) {
      stream.destroy()
      return this.#reportServe(stream, undefined, refusal)
    }
    try {
      const peer = await this.#setUp(stream, { inbound: true, static: false, trusted: false }, this.#abort.signal)
      this.#reportServe(stream, peer.id, undefined)
    } catch (error) {
      this.#reportServe(stream, undefined, error)
    } finally {
      this.#gate.leave()
    }
  }

  #refuseDial(node: Enode): string | undefined {
    const id = bytesToHex(node.id)
    const { netRestrict, dials } = this.#settings
    if (dials === false) return 'this server does not dial'
    if (id === this.#id) return 'self'
    if (node.tcpPort === 0) return 'no TCP port'
    if (this.#peers.has(id)) return 'already connected'
    if (netRestrict && !(node.ip && netRestrict.contains(node.ip))) return 'not in netRestrict'
    return undefined
  }

  async #dial(node: Enode, isStatic: boolean, signal?: AbortSignal): Promise<ServerPeer> {
    const work = this.#dialNow(node, isStatic, signal)
    this.#track(work.catch(() => {}))
    try {
      const peer = await work
      this.#metrics.dialed(undefined)
      if (this.#events.observed) this.#events.emit({ type: 'dial', enode: formatEnode(node) })
      return peer
    } catch (error) {
      const enode = formatEnode(node)
      this.#metrics.dialed(error)
      this.#events.emit({ type: 'dial', enode, error })
      this.#tell(isStatic, 'dial failed', { enode, error: describeError(error) })
      throw error
    }
  }

  async #dialNow(node: Enode, isStatic: boolean, signal?: AbortSignal): Promise<ServerPeer> {
    const refusal = this.#refuseDial(node)
    if (refusal) throw refused(refusal)
    const either = signal ? AbortSignal.any([signal, this.#abort.signal]) : this.#abort.signal
    const target = { host: node.host, port: node.tcpPort }
    const stream = await this.#settings.network.connect(target, { signal: either, timeout: DIAL_TIMEOUT })
    const id = bytesToHex(node.id)
    const flags = { inbound: false, static: isStatic, trusted: this.#trusted.has(id) }
    this.#calling.add(id)
    try {
      return await this.#setUp(stream, flags, either, node)
    } finally {
      this.#calling.delete(id)
    }
  }

  async #setUp(stream: ByteStream, flags: ConnectionFlags, signal: AbortSignal, node?: Enode): Promise<ServerPeer> {
    const { key, protocols, clock } = this.#settings
    return await setUpConnection(stream, {
      key,
      hello: this.#hello,
      protocols,
      clock,
      signal,
      remotePublicKey: node?.publicKey,
      checkIdentity: (id) => this.#checkIdentity(id, flags),
      admit: (connection) => this.#admit(connection, flags, node),
    })
  }

  #checkIdentity(id: string, flags: ConnectionFlags): void {
    if (this.#trusted.has(id)) flags.trusted = true
    const refusal = refuseIdentity(flags, this.#admission(id))
    if (refusal) throw refusal
  }

  #admit(connection: Connection, flags: ConnectionFlags, node?: Enode): ServerPeer {
    this.#abort.signal.throwIfAborted()
    const { id, mounted } = connection
    const refusal = refusePeer(mounted.length, flags, this.#admission(id))
    if (refusal) throw refusal
    return this.#launch(connection, flags, node)
  }

  #admission(id: string): AdmissionState {
    const { maxPeers, maxInbound } = this.#slots
    return {
      connected: this.#peers.has(id),
      crossed: this.#calling.has(id) && this.#id < id,
      self: id === this.#id,
      peers: this.#peers.size,
      maxPeers,
      inboundPeers: this.#inbound,
      maxInbound,
    }
  }

  #launch({ id, transport, hello, mounted }: Connection, flags: ConnectionFlags, node: Enode | undefined): ServerPeer {
    const { clock, log } = this.#settings
    const base = new BaseProtocol()
    const peer = new PeerConnection(transport, {
      id,
      name: hello.clientId,
      inbound: flags.inbound,
      mounted,
      control: base,
      clock,
      log: log.child({ module: 'peer', peer: id.slice(0, 8) }),
      observer: this.#observer,
    })
    base.attach(peer)
    const serverPeer = new ServerPeer({ peer, transport, hello, flags, base, dialed: node })
    this.#peers.set(id, serverPeer)
    if (flags.inbound) this.#inbound++
    this.#events.emit({ type: 'add', peer: serverPeer })
    log.debug('peer added', { peer: id.slice(0, 8), name: hello.clientId, inbound: flags.inbound })
    transport.resume() // the Hello exchange had left it paused
    return serverPeer
  }

  #dropped({ id }: Peer, reason: PeerClosedError): void {
    const { clock } = this.#settings
    const peer = this.#peers.get(id) as ServerPeer
    this.#peers.delete(id)
    if (peer.inbound) this.#inbound--
    const fields = { peer: peer.id.slice(0, 8), side: reason.side, reason: describeError(reason) }
    this.#tell(peer.static, 'peer dropped', fields)
    this.#events.emit({ type: 'drop', peer, reason })
    this.#dialer.lost(peer.id, clock.now() - peer.since)
  }

  /** Who names a node wants to know why it is not there; the others come and go. */
  #tell(isStatic: boolean, message: string, fields: LogFields): void {
    const { log } = this.#settings
    if (isStatic && !this.#abort.signal.aborted) log.warn(message, fields)
    else log.debug(message, fields)
  }

  #message(peer: Peer, direction: 'received' | 'sent', protocol: AnyProtocol, code: number, bytes: number): void {
    this.#meters.get(protocol)?.count(direction, code, bytes)
    if (!this.#events.observed) return
    const type = direction === 'sent' ? 'msgsend' : 'msgrecv'
    this.#events.emit({ type, peerId: peer.id, protocol: protocol.name, code, bytes })
  }

  #reportServe(stream: ByteStream, id: string | undefined, error: unknown): void {
    const remote = formatEndpoint(stream.remote.ip, stream.remote.port)
    this.#metrics.served(error)
    this.#events.emit({ type: 'serve', remote, ...(id !== undefined && { id }), ...(error !== undefined && { error }) })
    if (error === undefined) return
    this.#settings.log.debug('inbound connection refused', { remote, error: describeError(error) })
  }

  #setTrusted(id: string, trusted: boolean): void {
    if (trusted) this.#trusted.add(id)
    else this.#trusted.delete(id)
    const peer = this.#peers.get(id)
    if (peer) peer.trusted = trusted
  }
}
