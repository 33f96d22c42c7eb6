import type { Wire, WireSink } from './wire.ts'

/** A wire inside this process. Messages are encoded as JSON all the same, so that it behaves like a socket. */
export class MemoryWire implements Wire {
  #sink: WireSink | undefined
  #remote!: MemoryWire
  #paused = false
  #delivering = false
  #closed = false
  #destroyed = false
  /** True once the remote has closed: the end follows what it sent. */
  #ending = false
  /** Texts that are not delivered yet. BOUNDED: by the back-pressure of the sending session. */
  #inbox: string[] = []
  #inboxLength = 0

  static pair(): readonly [MemoryWire, MemoryWire] {
    const [a, b] = [new MemoryWire(), new MemoryWire()]
    a.#remote = b
    b.#remote = a
    return [a, b]
  }

  open(sink: WireSink): void {
    this.#sink = sink
    this.#deliver()
  }

  readonly queuedBytes = 0

  get bufferedBytes(): number {
    return this.#remote.#inboxLength
  }

  send(text: string): void {
    const remote = this.#remote
    if (remote.#closed) return
    remote.#inbox.push(text)
    remote.#inboxLength += text.length
    if (remote.#inbox.length === 1) queueMicrotask(() => remote.#deliver())
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
      this.#remote.#ending = true
      this.#remote.#deliver()
    })
  }

  destroy(): void {
    if (this.#destroyed) return
    this.#destroyed = true
    const wasClosed = this.#closed
    this.#closed = true
    queueMicrotask(() => {
      if (!wasClosed) this.#sink?.end()
      this.#remote.destroy()
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
    if (this.#inbox.length === 0) this.#remote.#sink?.drain()
  }
}
