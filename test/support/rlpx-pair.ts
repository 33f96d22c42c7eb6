/**
 * Two RLPx transports after their handshake, a sink that records them, and a stream that alters bytes.
 * @module
 */
import { onTestFinished } from 'vitest'
import { generateKey, secp256k1 } from '../../src/crypto/index.ts'
import { RlpxTransport } from '../../src/devp2p/rlpx/index.ts'
import type { RlpxOptions } from '../../src/devp2p/rlpx/transport.ts'
import { type ByteStream, MemoryNetwork, type Network, type StreamSink } from '../../src/net/index.ts'
import type { FrameSink } from '../../src/peer/index.ts'

export function newKey(): { privateKey: Uint8Array; publicKey: Uint8Array } {
  const privateKey = generateKey()
  return { privateKey, publicKey: secp256k1().publicKey(privateKey) }
}

export const keyA = newKey()
export const keyB = newKey()

/** Two ends of a stream. Called in a test; both ends are destroyed when it has finished. */
export async function streamPair(network: Network = new MemoryNetwork()): Promise<[ByteStream, ByteStream]> {
  let onConnection: (stream: ByteStream) => void = () => {}
  const incoming = new Promise<ByteStream>((resolve) => {
    onConnection = resolve
  })
  const listener = await network.listen({ host: '127.0.0.1', port: 0, onConnection })
  const stream = await network.connect({ host: '127.0.0.1', port: listener.endpoint.port })
  const pair: [ByteStream, ByteStream] = [stream, await incoming]
  onTestFinished(async () => {
    for (const end of pair) end.destroy()
    await listener.close()
  })
  return pair
}

export async function transportPair(
  network?: Network,
  options: Partial<RlpxOptions> = {},
  optionsOfB: Partial<RlpxOptions> = options,
): Promise<[RlpxTransport, RlpxTransport]> {
  const [a, b] = await streamPair(network)
  return Promise.all([
    RlpxTransport.initiate(a, { key: keyA, remotePublicKey: keyB.publicKey, ...options }),
    RlpxTransport.accept(b, { key: keyB, ...optionsOfB }),
  ])
}

/** Records the deliveries of a transport. */
export class Collector implements FrameSink<number> {
  readonly frames: { key: number; payload: Uint8Array }[] = []
  readonly ends: unknown[] = []
  drains = 0
  onFrame: (key: number) => void = () => {}
  readonly #waiting: { ready(): boolean; resolve(): void }[] = []

  frame(key: number, payload: Uint8Array): void {
    this.frames.push({ key, payload })
    this.onFrame(key)
    this.#look()
  }

  drain(): void {
    this.drains++
    this.#look()
  }

  end(error?: unknown): void {
    this.ends.push(error)
    this.#look()
  }

  until(ready: () => boolean): Promise<void> {
    if (ready()) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ ready, resolve }))
  }

  async count(frames: number): Promise<void> {
    await this.until(() => this.frames.length >= frames || this.ends.length > 0)
    if (this.frames.length < frames) throw this.ends[0]
  }

  async ended(): Promise<unknown> {
    await this.until(() => this.ends.length > 0)
    return this.ends[0]
  }

  get keys(): number[] {
    return this.frames.map(({ key }) => key)
  }

  #look(): void {
    for (const waiter of this.#waiting) if (waiter.ready()) waiter.resolve()
  }
}

export function opened(transport: RlpxTransport): Collector {
  const sink = new Collector()
  transport.open(sink)
  return sink
}

/** Runs pending promises and immediates. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Wraps a stream so that received chunks are changed by `transform`. */
export function altered(stream: ByteStream, transform: (chunk: Uint8Array) => Uint8Array[]): ByteStream {
  let current: StreamSink | undefined
  return {
    local: stream.local,
    remote: stream.remote,
    get bufferedBytes() {
      return stream.bufferedBytes
    },
    open: (sink) => {
      current = sink // the parts of one chunk may go to two sinks
      stream.open({
        data: (chunk) => {
          for (const part of transform(chunk)) current?.data(part)
        },
        drain: () => sink.drain(),
        end: (error) => sink.end(error),
      })
    },
    write: (bytes) => stream.write(bytes),
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    end: () => stream.end(),
    destroy: (error) => stream.destroy(error),
  }
}
