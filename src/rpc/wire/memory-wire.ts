import type { Wire, WireSink } from './wire.ts'

/** A wire in this process. Messages go through JSON all the same: what works here works over a socket. */
export class MemoryWire implements Wire {
  #sink: WireSink | undefined
  #other!: MemoryWire
  #paused = false
  #delivering = false
  #closed = false
  #destroyed = false
  /** The other side has closed: the end comes after what it sent. */
  #ending = false
  /** What the other side has not read. BOUNDED: by the budget of the session that sends. */
  #inbox: string[] = []
  #inboxLength = 0

  static pair(): readonly [MemoryWire, MemoryWire] {
    const [a, b] = [new MemoryWire(), new MemoryWire()]
    a.#other = b
    b.#other = a
    return [a, b]
  }

  open(sink: WireSink): void {
    this.#sink = sink
    this.#deliver()
  }

  readonly queuedBytes = 0

  get bufferedBytes(): number {
    return this.#other.#inboxLength
  }

  send(text: string): void {
    const other = this.#other
    if (other.#closed) return
    other.#inbox.push(text)
    other.#inboxLength += text.length
    if (other.#inbox.length === 1) queueMicrotask(() => other.#deliver())
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#deliver()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    queueMicrotask(() => {
      this.#sink?.end()
      this.#other.#ending = true
      this.#other.#deliver()
    })
  }

  destroy(): void {
    if (this.#destroyed) return
    this.#destroyed = true
    const wasClosed = this.#closed
    this.#closed = true
    queueMicrotask(() => {
      if (!wasClosed) this.#sink?.end()
      this.#other.destroy()
    })
  }

  #deliver(): void {
    const sink = this.#sink
    if (!sink || this.#delivering) return
    if (this.#inbox.length > 0) this.#read(sink)
    if (this.#ending && this.#inbox.length === 0) this.destroy()
  }

  #read(sink: WireSink): void {
    this.#delivering = true
    const inbox = this.#inbox
    let read = 0
    while (read < inbox.length && !this.#paused && !this.#closed) {
      const text = inbox[read++] as string
      this.#inboxLength -= text.length
      sink.message(JSON.parse(text), text.length)
    }
    this.#inbox = inbox.slice(read)
    this.#delivering = false
    if (this.#inbox.length === 0) this.#other.#sink?.drain()
  }
}
