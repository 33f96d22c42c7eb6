/**
 * Peers of a server: admission of connections, and the bookkeeping when a peer is added or dropped.
 *
 * All decisions are plain synchronous calls on one thread. The set-up of a connection (`../connect.ts`) is asynchronous, and
 * asks {@link PeerSet} at its two checkpoints.
 * @module
 */
import { bytesToHex } from '../../base/bytes.ts'
import { describeError, type PeerClosedError } from '../../base/errors.ts'
import type { ByteStream } from '../../net/index.ts'
import { type AnyProtocol, type Peer, PeerConnection, type PeerObserver } from '../../peer/index.ts'
import { Penalties, type SlotClasses } from '../../pool/index.ts'
import { BaseProtocol } from '../base-protocol.ts'
import { capabilitiesOf, formatCapability } from '../capabilities.ts'
import { type Connection, setUpConnection } from '../connect.ts'
import { encodeHello } from '../hello.ts'
import { type AdmissionState, refuseIdentity, refusePeer } from './admission.ts'
import { logNode, type ServerContext } from './context.ts'
import type { MessageMeters } from './metrics.ts'
import { type ConnectionFlags, type DialedNode, ServerPeer } from './server-peer.ts'

export interface PeerSetOptions {
  readonly slots: SlotClasses<'inbound' | 'dialed'>
  /** Called when a peer has ended, with the milliseconds it lasted. */
  readonly onDrop: (peer: ServerPeer, lived: number) => void
  /** Called when the node of a peer has been banned. */
  readonly onBan: (peer: ServerPeer) => void
  readonly isStatic: (id: string) => boolean
}

export class PeerSet {
  /** Id of this node, 64 hex digits. */
  readonly localId: string
  readonly slots: SlotClasses<'inbound' | 'dialed'>
  readonly #context: ServerContext
  readonly #onDrop: PeerSetOptions['onDrop']
  readonly #penalties: Penalties<ServerPeer>
  readonly #hello: Uint8Array
  readonly #meters: ReadonlyMap<AnyProtocol, MessageMeters>
  readonly #observer: PeerObserver = {
    message: (peer, direction, protocol, key, bytes) => this.#message(peer, direction, protocol, Number(key), bytes),
    closed: (peer, reason) => this.#drop(peer, reason),
  }
  /** Peers by id. BOUNDED: by the slots, and the trusted nodes the user named. */
  readonly #peers = new Map<string, ServerPeer>()
  /** Ids of trusted nodes. BOUNDED: by the user's own calls. */
  readonly #trusted = new Set<string>()
  /** Ids of the nodes being dialed, from the open stream on. BOUNDED: by the dials in progress. */
  readonly #dialing = new Set<string>()

  constructor(context: ServerContext, options: PeerSetOptions) {
    const { key, name, protocols, reputation, clock, log } = context.settings
    this.localId = bytesToHex(key.id)
    this.slots = options.slots
    this.#context = context
    this.#onDrop = options.onDrop
    this.#penalties = new Penalties({
      reputation,
      clock,
      log,
      isExempt: (id) => this.#trusted.has(id) || options.isStatic(id),
      onBan: options.onBan,
    })
    this.#hello = encodeHello(name, capabilitiesOf(protocols), key.publicKey)
    this.#meters = new Map(protocols.map((p) => [p, context.metrics.messages(formatCapability(p))]))
  }

  /** Connected peers by id. */
  get all(): ReadonlyMap<string, ServerPeer> {
    return this.#peers
  }

  get(id: string): ServerPeer | undefined {
    return this.#peers.get(id)
  }

  /** True for a node that may neither connect nor be dialed. */
  isBanned(id: string): boolean {
    return this.#penalties.isBanned(id)
  }

  setTrusted(id: string, trusted: boolean): void {
    if (trusted) this.#trusted.add(id)
    else this.#trusted.delete(id)
    const peer = this.#peers.get(id)
    if (peer) peer.trusted = trusted
  }

  /** Makes a peer of a stream; rejects with the error that prevented it. `node`: the dialed node. */
  async setUp(stream: ByteStream, flags: ConnectionFlags, signal: AbortSignal, node?: DialedNode): Promise<ServerPeer> {
    const { key, protocols, clock } = this.#context.settings
    const dialed = node && bytesToHex(node.id)
    if (dialed) this.#dialing.add(dialed)
    try {
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
    } finally {
      if (dialed) this.#dialing.delete(dialed)
    }
  }

  #checkIdentity(id: string, flags: ConnectionFlags): void {
    if (this.#trusted.has(id)) flags.trusted = true
    const refusal = refuseIdentity(flags, this.#admission(id))
    if (refusal) throw refusal
  }

  #admit(connection: Connection, flags: ConnectionFlags, node?: DialedNode): ServerPeer {
    this.#context.signal.throwIfAborted()
    const { id, mounted } = connection
    const refusal = refusePeer(mounted.length, flags, this.#admission(id))
    if (refusal) throw refusal
    return this.#launch(connection, flags, node)
  }

  #admission(id: string): AdmissionState {
    const { total, classes } = this.slots.limits
    return {
      connected: this.#peers.has(id),
      crossed: this.#dialing.has(id) && this.localId < id,
      self: id === this.localId,
      banned: this.isBanned(id),
      peers: this.slots.total,
      maxPeers: total,
      inboundPeers: this.slots.taken('inbound'),
      maxInbound: classes.inbound,
    }
  }

  #launch(
    { id, transport, hello, mounted }: Connection,
    flags: ConnectionFlags,
    node: DialedNode | undefined,
  ): ServerPeer {
    const { clock, log } = this.#context.settings
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
    this.slots.take(flags.inbound ? 'inbound' : 'dialed')
    this.#penalties.joined(serverPeer)
    this.#context.events.emit({ type: 'add', peer: serverPeer })
    log.debug('Peer added', { peer: id.slice(0, 8), name: hello.clientId, inbound: flags.inbound })
    transport.resume() // paused since the Hello exchange
    return serverPeer
  }

  #drop({ id }: Peer, reason: PeerClosedError): void {
    const { settings, events } = this.#context
    const peer = this.#peers.get(id) as ServerPeer
    this.#peers.delete(id)
    this.slots.release(peer.inbound ? 'inbound' : 'dialed')
    const fields = { peer: peer.id.slice(0, 8), side: reason.side, reason: describeError(reason) }
    logNode(this.#context, peer.static, 'Peer dropped', fields)
    events.emit({ type: 'drop', peer, reason })
    this.#penalties.left(peer, reason)
    this.#onDrop(peer, settings.clock.now() - peer.since)
  }

  #message(peer: Peer, direction: 'received' | 'sent', protocol: AnyProtocol, code: number, bytes: number): void {
    const { events } = this.#context
    this.#meters.get(protocol)?.count(direction, code, bytes)
    if (!events.observed) return
    const type = direction === 'sent' ? 'msgsend' : 'msgrecv'
    events.emit({ type, peer: this.#peers.get(peer.id) as ServerPeer, protocol: protocol.name, code, bytes })
  }
}
