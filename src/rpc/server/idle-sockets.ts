import type { Socket } from 'node:net'
import type { Clock, Timer } from '../../base/clock.ts'

/** Of the idle time: how often sockets are looked at. */
const CHECKS_PER_TIMEOUT = 4

interface Activity {
  readonly bytes: number
  readonly since: number
}

/**
 * Ends connections on which nothing has gone either way for a while. A look at all of them now and then costs a fraction of what
 * Node's own time limits do: those set a timer anew with every request.
 */
export class IdleSockets {
  readonly #clock: Clock
  readonly #idleTimeout: number
  /** BOUNDED: by the connections of the port. */
  readonly #sockets = new Map<Socket, Activity>()
  #timer: Timer | undefined

  /** `idleTimeout`: in milliseconds; a connection lives a quarter longer at most. */
  constructor(clock: Clock, idleTimeout: number) {
    this.#clock = clock
    this.#idleTimeout = idleTimeout
  }

  /** Watches a connection until it has gone, or is somebody else's. */
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
