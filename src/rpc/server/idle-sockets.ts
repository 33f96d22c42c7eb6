import type { Socket } from 'node:net'
import type { Clock, Timer } from '../../base/clock.ts'

/** Checks of all sockets in one idle timeout. */
const CHECKS_PER_TIMEOUT = 4

interface Activity {
  readonly bytes: number
  readonly since: number
}

/**
 * Closes connections that have been idle in both directions. Periodic checks of all sockets take a fraction of what Node's
 * own timeouts do, which reset a timer with every request.
 */
export class IdleSockets {
  readonly #clock: Clock
  readonly #idleTimeout: number
  /** BOUNDED: by the connections of the port. */
  readonly #sockets = new Map<Socket, Activity>()
  #timer: Timer | undefined

  /** `idleTimeout` is in milliseconds; a connection lives up to a quarter longer. */
  constructor(clock: Clock, idleTimeout: number) {
    this.#clock = clock
    this.#idleTimeout = idleTimeout
  }

  /** Watches a connection until it closes or is removed. */
  add(socket: Socket): void {
    if (this.#sockets.has(socket)) return
    this.#sockets.set(socket, { bytes: 0, since: this.#clock.now() })
    socket.once('close', () => this.remove(socket))
    this.#timer ??= this.#clock.setTimer(this.#idleTimeout / CHECKS_PER_TIMEOUT, () => this.#check())
  }

  remove(socket: Socket): void {
    this.#sockets.delete(socket)
    if (this.#sockets.size > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #check(): void {
    const now = this.#clock.now()
    for (const [socket, { bytes, since }] of this.#sockets) {
      const moved = socket.bytesRead + socket.bytesWritten
      if (moved !== bytes) this.#sockets.set(socket, { bytes: moved, since: now })
      else if (now - since >= this.#idleTimeout) socket.destroy()
    }
    this.#timer = this.#clock.setTimer(this.#idleTimeout / CHECKS_PER_TIMEOUT, () => this.#check())
  }
}
