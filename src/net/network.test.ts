import { describe, expect, test } from 'vitest'
import { concatBytes } from '../base/bytes.ts'
import { ConfigError, HandshakeError, PeerClosedError } from '../base/errors.ts'
import { type ByteStream, type Listener, MemoryNetwork, type Network, type StreamSink, tcpNetwork } from './index.ts'

/** Collects what a stream delivers. */
class Recorder implements StreamSink {
  readonly chunks: Uint8Array[] = []
  readonly ends: unknown[] = []
  drains = 0
  readonly #waiting: { until: () => boolean; resolve: () => void }[] = []
  readonly #onData: (() => void) | undefined

  constructor(onData?: () => void) {
    this.#onData = onData
  }

  get bytes(): Uint8Array {
    return concatBytes(...this.chunks)
  }
  get length(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  }
  data(chunk: Uint8Array): void {
    this.chunks.push(chunk)
    this.#check()
    this.#onData?.()
  }
  drain(): void {
    this.drains++
    this.#check()
  }
  end(error?: unknown): void {
    this.ends.push(error)
    this.#check()
  }
  when(until: () => boolean): Promise<void> {
    return until() ? Promise.resolve() : new Promise((resolve) => this.#waiting.push({ until, resolve }))
  }
  ended(): Promise<void> {
    return this.when(() => this.ends.length > 0)
  }
  #check(): void {
    for (const { until, resolve } of this.#waiting) if (until()) resolve()
  }
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((r) => {
    resolve = r
  })
  return { promise, resolve }
}

interface Pair extends AsyncDisposable {
  readonly client: ByteStream
  readonly server: ByteStream
  readonly listener: Listener
}

async function connectPair(network: Network): Promise<Pair> {
  const accepted = deferred<ByteStream>()
  const listener = await network.listen({ host: '127.0.0.1', port: 0, onConnection: accepted.resolve })
  const client = await network.connect({ host: listener.endpoint.ip, port: listener.endpoint.port })
  const server = await accepted.promise
  const dispose = async () => {
    client.destroy()
    server.destroy()
    await listener.close()
  }
  return { client, server, listener, [Symbol.asyncDispose]: dispose }
}

/** Long enough for anything already under way to arrive, on a loopback or in memory. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
}

const MANY = 16 * 1024 * 1024 // more than the buffers of a system hold

function fillUp(stream: ByteStream): number {
  let sent = 0
  while (sent < MANY) {
    sent += 65_536
    if (!stream.write(new Uint8Array(65_536)) && sent >= MANY) break
  }
  return sent
}

describe.each([
  ['tcp', () => tcpNetwork],
  ['memory', () => new MemoryNetwork()],
] as const)('a network (%s)', (_, create) => {
  test('a network tells both ends their endpoints', async () => {
    await using pair = await connectPair(create())
    expect(pair.client.remote).toEqual(pair.listener.endpoint)
    expect(pair.server.local).toEqual(pair.listener.endpoint)
    expect(pair.server.remote).toEqual(pair.client.local)
    expect(pair.listener.endpoint.port).toBeGreaterThan(0)
  })

  test('a stream delivers bytes in order, in both directions', async () => {
    await using pair = await connectPair(create())
    const [client, server] = [new Recorder(), new Recorder()]
    pair.client.open(client)
    pair.server.open(server)
    for (let i = 0; i < 200; i++) {
      pair.client.write(Uint8Array.of(i))
      pair.server.write(Uint8Array.of(255 - i))
    }
    await Promise.all([server.when(() => server.length === 200), client.when(() => client.length === 200)])
    expect(server.bytes).toEqual(Uint8Array.from({ length: 200 }, (_, i) => i))
    expect(client.bytes).toEqual(Uint8Array.from({ length: 200 }, (_, i) => 255 - i))
  })

  test('a stream never calls a sink from inside a call to the stream', async () => {
    await using pair = await connectPair(create())
    let inside = false
    const calls: boolean[] = []
    const note = () => void calls.push(inside)
    const guarded = (call: () => void) => {
      inside = true
      call()
      inside = false
    }
    pair.server.write(Uint8Array.of(1))
    await turns()
    guarded(() => pair.client.open({ data: note, drain: note, end: note }))
    guarded(() => pair.client.write(Uint8Array.of(1)))
    await turns()
    guarded(() => pair.client.destroy())
    await turns()
    guarded(() => pair.client.open({ data: note, drain: note, end: note }))
    await turns()
    expect(calls).toEqual([false, false, false])
  })

  test('a stream keeps what arrives before open, the end included', async () => {
    await using pair = await connectPair(create())
    pair.client.write(Uint8Array.of(1, 2, 3))
    const ending = pair.client.end()
    await turns()
    const server = new Recorder()
    pair.server.open(server)
    await Promise.all([server.ended(), ending])
    expect(server.bytes).toEqual(Uint8Array.of(1, 2, 3))
    expect(server.ends).toEqual([undefined])
  })

  test('a stream that was destroyed before open calls end when it is opened', async () => {
    await using pair = await connectPair(create())
    const why = new Error('why')
    pair.client.destroy(why)
    await turns()
    const client = new Recorder()
    pair.client.open(client)
    await client.ended()
    expect(client.ends).toEqual([why])
  })

  test('write returns false over the high-water mark, keeps the bytes, and drain follows once they have left', async () => {
    await using pair = await connectPair(create())
    const [client, server] = [new Recorder(), new Recorder()]
    pair.client.open(client)
    const sent = fillUp(pair.client)
    await turns()
    expect(pair.client.bufferedBytes).toBeGreaterThan(0)
    expect(pair.client.write(Uint8Array.of(1))).toBe(false)
    expect(client.drains).toBe(0)
    pair.server.open(server)
    await server.when(() => server.length === sent + 1)
    await client.when(() => client.drains > 0)
    expect(client.drains).toBe(1)
    expect(pair.client.bufferedBytes).toBe(0)
    expect(pair.client.write(Uint8Array.of(1))).toBe(true)
  })

  test('a paused stream delivers nothing, also when paused from inside a delivery or before open', async () => {
    await using pair = await connectPair(create())
    const server: Recorder = new Recorder(() => pair.server.pause())
    pair.server.pause()
    pair.server.open(server)
    pair.client.write(Uint8Array.of(1))
    await turns()
    expect(server.length).toBe(0)
    pair.server.resume()
    await server.when(() => server.length === 1)
    pair.client.write(Uint8Array.of(2))
    void pair.client.end()
    await turns()
    expect([server.length, server.ends.length]).toEqual([1, 0])
    pair.server.resume()
    await server.when(() => server.length === 2)
    await turns()
    expect(server.ends).toEqual([]) // although these were the last bytes
    pair.server.resume()
    await server.ended()
    expect(server.ends).toEqual([undefined])
  })

  test("a stream ends once when it is destroyed or ended while the remote's end waits for resume", async () => {
    for (const leave of [(stream: ByteStream) => stream.destroy(), (stream: ByteStream) => void stream.end()]) {
      await using pair = await connectPair(create())
      const server: Recorder = new Recorder(() => pair.server.pause())
      pair.server.open(server)
      pair.client.write(Uint8Array.of(1))
      void pair.client.end()
      await server.when(() => server.length === 1)
      await turns()
      leave(pair.server)
      await server.ended()
      await turns()
      expect(server.ends).toEqual([undefined])
    }
  })

  test('end() flushes, ends both directions, and calls end of each sink once', async () => {
    await using pair = await connectPair(create())
    const [client, server] = [new Recorder(), new Recorder()]
    pair.client.open(client)
    pair.server.open(server)
    const sent = fillUp(pair.client)
    await pair.client.end()
    await server.ended()
    expect(server.length).toBe(sent)
    expect([client.ends, server.ends]).toEqual([[undefined], [undefined]])
    expect(pair.server.write(new Uint8Array(MANY))).toBe(true)
    expect(pair.client.write(new Uint8Array(MANY))).toBe(true)
    expect([pair.client.bufferedBytes, pair.server.bufferedBytes]).toEqual([0, 0])
    await Promise.all([pair.client.end(), pair.server.end()])
    pair.client.destroy(new Error('late'))
    await turns()
    expect([client.ends.length, server.ends.length]).toEqual([1, 1])
  })

  test('both sides of a stream may end at the same time', async () => {
    await using pair = await connectPair(create())
    const [client, server] = [new Recorder(), new Recorder()]
    pair.client.open(client)
    pair.server.open(server)
    await Promise.all([pair.client.end(), pair.server.end()])
    expect([client.ends, server.ends]).toEqual([[undefined], [undefined]])
  })

  test('destroy ends a stream at once: its sink gets the error, the remote an end', async () => {
    await using pair = await connectPair(create())
    const [client, server] = [new Recorder(), new Recorder()]
    pair.client.open(client)
    pair.server.open(server)
    const why = new Error('why')
    pair.client.destroy(why)
    pair.client.destroy(new Error('again'))
    expect(pair.client.write(new Uint8Array(MANY))).toBe(true)
    await Promise.all([client.ended(), server.ended(), pair.client.end()])
    expect(client.ends).toEqual([why])
    expect(server.ends).toHaveLength(1)
  })

  test('a stream whose sink throws is destroyed with the thrown error', async () => {
    await using pair = await connectPair(create())
    const why = new Error('thrown')
    const server: Recorder = new Recorder(() => {
      throw why
    })
    pair.server.open(server)
    pair.client.write(Uint8Array.of(1))
    await server.ended()
    expect(server.ends).toEqual([why])
  })

  test('a stream handed over inside data gives the next byte to the new sink, and the end', async () => {
    await using pair = await connectPair(create())
    const second = new Recorder()
    const first: Recorder = new Recorder(() => pair.server.open(second))
    pair.server.open(first)
    const sent = Uint8Array.from({ length: 200 }, (_, i) => i)
    pair.client.write(sent.slice(0, 3))
    await first.when(() => first.length > 0)
    for (const byte of sent.subarray(3)) pair.client.write(Uint8Array.of(byte))
    await pair.client.end()
    await second.ended()
    await turns()
    expect(concatBytes(first.bytes, second.bytes)).toEqual(sent)
    expect(first.chunks).toHaveLength(1)
    expect([first.ends, second.ends]).toEqual([[], [undefined]])
  })

  test('a paused stream stays paused when handed over, and the new sink gets the rest after resume', async () => {
    await using pair = await connectPair(create())
    const [second, third] = [new Recorder(), new Recorder()]
    const first: Recorder = new Recorder(() => pair.server.pause())
    pair.server.open(first)
    pair.client.write(Uint8Array.of(1))
    await first.when(() => first.length === 1)
    pair.client.write(Uint8Array.of(2))
    void pair.client.end()
    await turns()
    pair.server.open(second)
    await turns()
    pair.server.open(third)
    await turns()
    expect([second.length, third.length, third.ends.length]).toEqual([0, 0, 0])
    pair.server.resume()
    await third.ended()
    expect([first.bytes, third.bytes]).toEqual([Uint8Array.of(1), Uint8Array.of(2)])
    expect([first.ends, second.ends, third.ends]).toEqual([[], [], [undefined]])
    expect(second.length).toBe(0)
  })

  test('an owed drain goes to the sink of the time at which the bytes have left', async () => {
    await using pair = await connectPair(create())
    const [first, second, server] = [new Recorder(), new Recorder(), new Recorder()]
    pair.client.open(first)
    const sent = fillUp(pair.client)
    await turns()
    pair.client.open(second)
    pair.server.open(server)
    await server.when(() => server.length === sent)
    await second.when(() => second.drains > 0)
    await turns()
    expect([first.drains, second.drains]).toEqual([0, 1])
  })

  test('each sink opened after the end gets the end with its error, paused or not', async () => {
    const why = new Error('why')
    for (const [leave, error] of [
      [({ server }: Pair) => server.destroy(why), why],
      [({ server }: Pair) => void server.end(), undefined],
      [({ client }: Pair) => void client.end(), undefined],
    ] as const) {
      await using pair = await connectPair(create())
      const [first, second, third] = [new Recorder(), new Recorder(), new Recorder()]
      pair.server.open(first)
      leave(pair)
      await first.ended()
      pair.server.open(second)
      await second.ended()
      await turns()
      pair.server.pause()
      pair.server.open(third)
      await third.ended()
      await turns()
      expect([first.ends, second.ends, third.ends]).toEqual([[error], [error], [error]])
    }
  })

  test('a sink that throws after it handed over destroys the stream, and the new sink gets the error', async () => {
    await using pair = await connectPair(create())
    const why = new Error('thrown')
    const second = new Recorder()
    const first: Recorder = new Recorder(() => {
      pair.server.open(second)
      throw why
    })
    pair.server.open(first)
    pair.client.write(Uint8Array.of(1))
    await second.ended()
    expect([first.ends, second.ends]).toEqual([[], [why]])
  })

  test('a listener can tell protocols apart by their first bytes, even if these come one by one', async () => {
    const [text, binary] = [new Recorder(), new Recorder()]
    const onConnection = (stream: ByteStream): void => {
      const read: Uint8Array[] = []
      stream.open({
        data(chunk) {
          read.push(chunk)
          const bytes = concatBytes(...read)
          if (bytes.length < 4) return
          const next = Buffer.from(bytes.subarray(0, 4)).toString('latin1') === 'GET ' ? text : binary
          stream.open(next)
          next.data(bytes) // before any later chunk: a stream calls no sink from inside open
        },
        drain() {},
        end() {},
      })
    }
    const network = create()
    await using listener = await network.listen({ host: '127.0.0.1', port: 0, onConnection })
    const say = async (bytes: Uint8Array): Promise<void> => {
      const stream = await network.connect({ host: '127.0.0.1', port: listener.endpoint.port })
      for (const byte of bytes) {
        stream.write(Uint8Array.of(byte))
        await turns()
      }
      await stream.end()
    }
    const [hello, frame] = [Buffer.from('GET / HTTP/1.1'), Uint8Array.of(0x01, 0x80, 0xff, 0x00, 0x12, 0x34)]
    await Promise.all([say(hello), say(frame)])
    await Promise.all([text.ended(), binary.ended()])
    expect([text.bytes, binary.bytes]).toEqual([Uint8Array.from(hello), frame])
  })

  test('closing a listener keeps its connections and frees the port', async () => {
    const network = create()
    await using pair = await connectPair(network)
    await pair.listener.close()
    const { ip, port } = pair.listener.endpoint
    await expect(network.connect({ host: ip, port })).rejects.toThrow(HandshakeError)
    const server = new Recorder()
    pair.server.open(server)
    pair.client.write(Uint8Array.of(1))
    await server.when(() => server.length === 1)
    await using again = await network.listen({ host: ip, port, onConnection: () => {} })
    expect(again.endpoint.port).toBe(port)
  })

  test('a connection whose onConnection throws is destroyed, and onError gets the error', async () => {
    const network = create()
    const told = deferred<unknown>()
    const onConnection = () => {
      throw new Error('full')
    }
    await using listener = await network.listen({ host: '127.0.0.1', port: 0, onConnection, onError: told.resolve })
    const client = await network.connect({ host: '127.0.0.1', port: listener.endpoint.port })
    const recorder = new Recorder()
    client.open(recorder)
    await recorder.ended()
    expect(await told.promise).toEqual(new Error('full'))
  })

  test('listening on a port in use is an error that names the port and a remedy', async () => {
    const network = create()
    await using pair = await connectPair(network)
    const { port } = pair.listener.endpoint
    const second = network.listen({ host: '127.0.0.1', port, onConnection: () => {} })
    await expect(second).rejects.toThrow(ConfigError)
    await expect(second).rejects.toMatchObject({
      field: 'port',
      message: expect.stringContaining(`port ${port} is in use`),
    })
    await expect(second).rejects.not.toThrow('--') // which flag sets the port, if any, is known to the program only
    const odd = network.listen({ host: '127.0.0.1', port: 65_536, onConnection: () => {} })
    await expect(odd).rejects.toMatchObject({ code: 'ERR_CONFIG', field: 'port' })
  })

  test('listening on a foreign host is an error that names the host', async () => {
    const odd = create().listen({ host: 'nowhere.invalid', port: 0, onConnection: () => {} })
    await expect(odd).rejects.toMatchObject({ code: 'ERR_CONFIG', field: 'host' })
  })

  test('connecting to a port without a listener is refused', async () => {
    const network = create()
    const listener = await network.listen({ host: '127.0.0.1', port: 0, onConnection: () => {} })
    await listener.close()
    const refused = network.connect({ host: '127.0.0.1', port: listener.endpoint.port })
    await expect(refused).rejects.toMatchObject({ code: 'ERR_CONNECT', stage: 'connect', cause: expect.any(Error) })
    await expect(network.connect({ host: '127.0.0.1', port: 0 })).rejects.toMatchObject({ code: 'ERR_CONNECT' })
    await expect(network.connect({ host: '127.0.0.1', port: 70_000 })).rejects.toMatchObject({ code: 'ERR_CONNECT' })
  })

  test('a signal cancels an attempt to connect with its reason, before or during the attempt', async () => {
    const network = create()
    await using listener = await network.listen({
      host: '127.0.0.1',
      port: 0,
      onConnection: (stream) => stream.destroy(),
    })
    const target = { host: '127.0.0.1', port: listener.endpoint.port }
    const why = new PeerClosedError('local', 'changed our mind')
    await expect(network.connect(target, { signal: AbortSignal.abort(why) })).rejects.toBe(why)
    const abort = new AbortController()
    const attempt = network.connect(target, { signal: abort.signal })
    abort.abort(why)
    await expect(attempt).rejects.toBe(why)
  })
})
