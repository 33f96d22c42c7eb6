/**
 * Who is not wanted for a while.
 * @module
 */
import { bytesToHex } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { Server } from '../devp2p/index.ts'
import { parseEnode } from '../identity/index.ts'

/** btcd's `banduration`, in seconds. */
const BAN_SECONDS = 24 * 60 * 60
/** More are forgotten, the oldest first. */
const MAX_BANS = 10_000

interface Ban {
  /** Id of the node it was for, hex. */
  readonly node: string
  /** {@link Clock.now} at which it ends. */
  readonly until: number
}

/** Bans by IP, as btcd has them: an identity costs nothing, an address does. */
export class Bans {
  readonly #clock: Clock
  /** By IP. BOUNDED: by MAX_BANS. */
  readonly #bans = new Map<string, Ban>()
  server: Server | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Disconnects everybody of the node's IPs: the one in the URL, and the one it is connected from. Answers them. Throws a
   * ConfigError for a URL that is none.
   */
  ban(enode: string, seconds = BAN_SECONDS): readonly string[] {
    const { host, id } = parseEnode(enode)
    const peers = this.server?.peers
    const node = bytesToHex(id)
    const ips = new Set([host, peers?.get(node)?.remote.ip ?? host])
    for (const ip of ips) this.#add(ip, { node, until: this.#clock.now() + seconds * 1_000 })
    this.server?.removeStatic(enode)
    for (const peer of peers?.values() ?? []) if (ips.has(peer.remote.ip)) peer.disconnect()
    return [...ips]
  }

  /** Who is asked for by name is wanted again, from all IPs that were banned for it. */
  lift(enode: string): void {
    const { host, id } = parseEnode(enode)
    const node = bytesToHex(id)
    for (const [ip, ban] of this.#bans) if (ip === host || ban.node === node) this.#bans.delete(ip)
  }

  #add(ip: string, ban: Ban): void {
    this.#bans.delete(ip)
    this.#bans.set(ip, ban)
    if (this.#bans.size > MAX_BANS) this.#bans.delete(this.#bans.keys().next().value as string)
  }

  has(ip: string): boolean {
    const ban = this.#bans.get(ip)
    if (ban === undefined) return false
    if (ban.until > this.#clock.now()) return true
    this.#bans.delete(ip)
    return false
  }
}
