/**
 * Dialing: connects to static nodes, to candidates while there are free slots, and to single nodes on request.
 * @module
 */
import { bytesToHex } from '../../base/bytes.ts'
import { describeError, HandshakeError } from '../../base/errors.ts'
import { type Enode, Enr, enodeOf, formatEnode } from '../../identity/index.ts'
import { parseIp } from '../../net/index.ts'
import { Dialer } from '../../pool/index.ts'
import { logNode, type ServerContext } from './context.ts'
import { refused } from './inbound-limiter.ts'
import type { PeerSet } from './peer-set.ts'
import type { DialedNode, ServerPeer } from './server-peer.ts'

/** Node to dial, as its source describes it. */
export type Candidate = Enode | Enr

export class Dialing {
  readonly #context: ServerContext
  readonly #peers: PeerSet
  readonly #dialer: Dialer<Candidate>

  constructor(context: ServerContext, peers: PeerSet) {
    const { settings } = context
    this.#context = context
    this.#peers = peers
    this.#dialer = new Dialer<Candidate>({
      clock: settings.clock,
      random: settings.random,
      log: settings.log,
      maxActiveDials: settings.maxPendingPeers,
      redialInterval: settings.redialInterval,
      idOf,
      freeSlots: () => peers.slots.free('dialed'),
      refuse: (candidate) => this.#refuse(candidate),
      dial: async (candidate, isStatic) => void (await this.#dial(candidate, isStatic)),
      candidates: settings.candidates,
    })
  }

  /** Dials static nodes, and candidates if there are free slots. */
  wake(): void {
    this.#dialer.wake()
  }

  close(): void {
    this.#dialer.close()
  }

  isStatic(id: string): boolean {
    return this.#dialer.isStatic(id)
  }

  addStatic(node: Enode): void {
    this.#dialer.addStatic(node)
  }

  /** False when the node was not static. */
  removeStatic(id: string): boolean {
    return this.#dialer.removeStatic(id)
  }

  /** Reports a peer lost after so many milliseconds; a static one is dialed again. */
  lost(id: string, lived: number): void {
    this.#dialer.lost(id, lived)
  }

  /** Dials now, regardless of the redial interval. */
  async dial(node: Enode, signal?: AbortSignal): Promise<ServerPeer> {
    const id = idOf(node)
    if (this.#dialer.isDialing(id)) {
      throw new HandshakeError('ERR_DIALING', 'connect', `already dialing ${formatEnode(node)}`)
    }
    return await this.#dial(node, this.isStatic(id), signal)
  }

  async #dial(candidate: Candidate, isStatic: boolean, signal?: AbortSignal): Promise<ServerPeer> {
    const { pending, metrics, events } = this.#context
    const node = toNode(candidate)
    if (!node) throw refused('no endpoint')
    const work = this.#connect(node, isStatic, signal)
    pending.add(work)
    try {
      const peer = await work
      metrics.dialed(undefined)
      if (events.observed) events.emit({ type: 'dial', enode: formatEnode(node) })
      return peer
    } catch (error) {
      const enode = formatEnode(node)
      metrics.dialed(error)
      events.emit({ type: 'dial', enode, error })
      logNode(this.#context, isStatic, 'Dial failed', { enode, error: describeError(error) })
      throw error
    }
  }

  async #connect(node: DialedNode, isStatic: boolean, signal?: AbortSignal): Promise<ServerPeer> {
    const refusal = this.#refuse(node) ?? (this.#isAddressBanned(node) ? 'banned' : undefined)
    if (refusal) throw refused(refusal)
    const { settings, signal: closing } = this.#context
    const either = signal ? AbortSignal.any([signal, closing]) : closing
    const address = { host: node.host, port: node.tcpPort }
    const stream = await settings.network.connect(address, { signal: either })
    return await this.#peers.setUp(stream, { inbound: false, static: isStatic, trusted: false }, either, node)
  }

  #refuse(candidate: Candidate): string | undefined {
    const { netRestrict, dials, log } = this.#context.settings
    if (dials === false) return 'dialing disabled'
    const node = toNode(candidate)
    if (!node) {
      log.debug('Skipped node without endpoint', { enr: candidate.toString() })
      return 'no endpoint'
    }
    const id = idOf(node)
    if (id === this.#peers.localId) return 'self'
    if (node.tcpPort === 0) return 'no TCP port'
    if (this.#peers.get(id)) return 'already connected'
    if (this.#peers.isBanned(id)) return 'banned'
    // A static node fails in #connect instead: its back-off dials it again once the ban has ended.
    if (this.#isAddressBanned(node) && !this.isStatic(id)) return 'banned'
    if (netRestrict && !(node.ip && netRestrict.contains(node.ip))) return 'not in netRestrict'
    return undefined
  }

  #isAddressBanned({ host }: Enode): boolean {
    return this.#context.settings.reputation.ipBanOf(parseIp(host) ?? host) !== undefined
  }
}

function toNode(candidate: Candidate): DialedNode | undefined {
  if (!(candidate instanceof Enr)) return candidate
  const node = enodeOf(candidate)
  return node && { ...node, record: candidate }
}

function idOf(candidate: Candidate): string {
  return bytesToHex(candidate.id)
}
