/**
 * Who is not wanted for a while.
 * @module
 */
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

  /** Disconnects everybody of the node's IP. Throws a ConfigError for a URL that is none. Answers the IP. */
  ban(enode: string, seconds = BAN_SECONDS): string {
    const { host } = parseEnode(enode)
    this.#until.delete(host)
    this.#until.set(host, this.#clock.now() + seconds * 1_000)
    if (this.#until.size > MAX_BANS) this.#until.delete(this.#until.keys().next().value as string)
    this.server?.removeStatic(enode)
    for (const peer of this.server?.peers.values() ?? []) if (peer.remote.ip === host) peer.disconnect()
    return host
  }

  /** Who is asked for by name is wanted again. */
  lift(enode: string): void {
    this.#until.delete(parseEnode(enode).host)
  }

  has(ip: string): boolean {
    const until = this.#until.get(ip)
    if (until === undefined) return false
    if (until > this.#clock.now()) return true
    this.#until.delete(ip)
    return false
  }
}
