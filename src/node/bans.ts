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

/** Bans by IP, as btcd has them: an identity costs nothing, an address does. */
export class Bans {
  readonly #clock: Clock
  /** IP to {@link Clock.now} at which its ban ends. BOUNDED: by MAX_BANS. */
  readonly #until = new Map<string, number>()
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
    const ips = new Set([host, peers?.get(bytesToHex(id))?.remote.ip ?? host])
    for (const ip of ips) this.#add(ip, this.#clock.now() + seconds * 1_000)
    this.server?.removeStatic(enode)
    for (const peer of peers?.values() ?? []) if (ips.has(peer.remote.ip)) peer.disconnect()
    return [...ips]
  }

  /** Who is asked for by name is wanted again. */
  lift(enode: string): void {
    this.#until.delete(parseEnode(enode).host)
  }

  #add(ip: string, until: number): void {
    this.#until.delete(ip)
    this.#until.set(ip, until)
    if (this.#until.size > MAX_BANS) this.#until.delete(this.#until.keys().next().value as string)
  }

  has(ip: string): boolean {
    const until = this.#until.get(ip)
    if (until === undefined) return false
    if (until > this.#clock.now()) return true
    this.#until.delete(ip)
    return false
  }
}
