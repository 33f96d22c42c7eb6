import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FakeClock } from '../base/clock.ts'
import { CodecError } from '../base/errors.ts'
import { rlp } from '../codec/index.ts'
import { NodeKey } from '../identity/index.ts'
import { MemoryNetwork } from '../net/index.ts'
import { type Transport, transportPipe } from '../peer/index.ts'
import { DisconnectReason, disconnectReasonOf, encodeDisconnect } from './disconnect.ts'
import {
  BaseCode,
  type CompressibleTransport,
  exchangeHello,
  HELLO_TIMEOUT,
  type Hello,
  helloCodec,
  MAX_HELLO_BYTES,
} from './hello.ts'
import { RlpxTransport } from './rlpx/index.ts'

const KEY = Uint8Array.from({ length: 64 }, (_, i) => i + 1)
const OTHER_KEY = Uint8Array.from({ length: 64 }, (_, i) => i + 2)
const HELLO: Hello = {
  version: 5,
  clientId: 'Geth/v1.17.8/linux-amd64/go1.26',
  capabilities: [
    { name: 'eth', version: 69 },
    { name: 'snap', version: 1 },
  ],
  listenPort: 0,
  id: KEY,
}

const encoded = (hello: Partial<Hello>): Uint8Array =>
  helloCodec.encode({ ...HELLO, ...hello, capabilities: [...(hello.capabilities ?? HELLO.capabilities)] })

/** Our end in an exchange, and what the remote makes of it. */
function exchange(options: { signal?: AbortSignal } = {}) {
  const [near, far] = transportPipe<number>()
  const clock = new FakeClock()
  const snappy: boolean[] = []
  const transport = Object.assign(near, { setSnappy: (on: boolean) => snappy.push(on) }) as CompressibleTransport
  const result = exchangeHello(transport, encoded({}), { remotePublicKey: KEY, clock, ...options })
  result.catch(() => {})
  return { far, clock, snappy, result, near }
}

/** Frames that the transport delivers from now on. */
function framesOf(transport: Transport<number>): { code: number; payload: Uint8Array }[] {
  const frames: { code: number; payload: Uint8Array }[] = []
  transport.open({ frame: (code, payload) => frames.push({ code, payload }), drain() {}, end() {} })
  transport.resume()
  return frames
}

test('helloCodec decodes what it encoded', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 })
  const hello = fc.record({
    version: fc.nat(),
    clientId: text,
    capabilities: fc.array(fc.record({ name: text, version: fc.nat() }), { maxLength: 20 }),
    listenPort: fc.nat(65_535),
    id: fc.uint8Array({ minLength: 64, maxLength: 64 }),
  })
  fc.assert(
    fc.property(hello, (value) => {
      expect(helloCodec.decode(helloCodec.encode(value))).toEqual(value)
    }),
  )
})

test('helloCodec throws nothing but CodecError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        helloCodec.decode(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(CodecError)
      }
    }),
  )
})

test('helloCodec ignores elements that newer versions add to the Hello and to a capability', () => {
  const capability = rlp.struct({ name: rlp.text, version: rlp.number, more: rlp.number })
  const newer = rlp.struct({
    version: rlp.number,
    clientId: rlp.text,
    capabilities: rlp.list(capability),
    listenPort: rlp.number,
    id: rlp.bytes,
    extra: rlp.list(rlp.text),
  })
  const capabilities = HELLO.capabilities.map((each) => ({ ...each, more: 1 }))
  expect(helloCodec.decode(newer.encode({ ...HELLO, version: 6, capabilities, extra: ['x', 'y'] }))).toEqual({
    ...HELLO,
    version: 6,
  })
})

test('helloCodec refuses more than 256 capabilities', () => {
  const capabilities = Array.from({ length: 257 }, () => ({ name: 'a', version: 1 }))
  expect(() => helloCodec.decode(encoded({ capabilities }))).toThrow(CodecError)
})

test("exchangeHello sends this side's Hello at once and resolves with the remote's", async () => {
  const { far, result } = exchange()
  const frames = framesOf(far)
  far.write(BaseCode.Hello, encoded({}))
  expect(await result).toEqual(HELLO)
  expect(frames.map(({ code, payload }) => [code, helloCodec.decode(payload)])).toEqual([[BaseCode.Hello, HELLO]])
})

test.each<[string, Partial<Hello>, number]>([
  ['an identity other than the proven one', { id: OTHER_KEY }, DisconnectReason.UnexpectedIdentity],
  ['an identity of zeros', { id: new Uint8Array(64) }, DisconnectReason.InvalidIdentity],
  ['an identity that is too short', { id: KEY.subarray(1) }, DisconnectReason.InvalidIdentity],
  ['an identity that is too long', { id: new Uint8Array(65).fill(1) }, DisconnectReason.InvalidIdentity],
  ['no identity', { id: new Uint8Array(0) }, DisconnectReason.InvalidIdentity],
  ['more than 2048 bytes', { clientId: 'x'.repeat(MAX_HELLO_BYTES) }, DisconnectReason.ProtocolError],
])('exchangeHello refuses a Hello with %s', async (_what, hello, reason) => {
  const { far, result } = exchange()
  far.write(BaseCode.Hello, encoded(hello))
  const error = await result.catch((e: unknown) => e)
  expect(error).toMatchObject({ code: 'ERR_HELLO' })
  expect(disconnectReasonOf(error)).toBe(reason)
})

test('exchangeHello accepts a Hello of 2048 bytes, the most that is allowed', async () => {
  const { far, result } = exchange()
  const room = MAX_HELLO_BYTES - encoded({ clientId: 'x'.repeat(300) }).length
  const largest = encoded({ clientId: 'x'.repeat(300 + room) })
  expect(largest.length).toBe(MAX_HELLO_BYTES)
  far.write(BaseCode.Hello, largest)
  expect((await result).clientId.length).toBe(300 + room)
})

test('exchangeHello rejects bytes that are not a Hello as a breach of protocol', async () => {
  const { far, result, snappy } = exchange()
  far.write(BaseCode.Hello, Uint8Array.of(0xc1))
  const error = await result.catch((e: unknown) => e)
  expect(error).toBeInstanceOf(CodecError)
  expect(disconnectReasonOf(error)).toBe(DisconnectReason.ProtocolError)
  expect(snappy).toEqual([])
})

test('exchangeHello accepts a client name that is not UTF-8', async () => {
  const { far, result } = exchange()
  const bytes = encoded({ clientId: 'Geth' })
  bytes[bytes.indexOf(0x47)] = 0xff // the G
  far.write(BaseCode.Hello, bytes)
  expect((await result).clientId).toBe('\ufffdeth')
})

test.each([
  ['the list', encodeDisconnect(DisconnectReason.TooManyPeers)],
  ['the bare number', Uint8Array.of(DisconnectReason.TooManyPeers)],
])('exchangeHello rejects with the reason of a Disconnect in place of the Hello, as %s', async (_form, payload) => {
  const { far, result } = exchange()
  far.write(BaseCode.Disconnect, payload)
  await expect(result).rejects.toMatchObject({ side: 'remote', disconnectReason: DisconnectReason.TooManyPeers })
})

test.each([BaseCode.Ping, BaseCode.Pong, 0x10, 0x4f])(
  'exchangeHello rejects another first message (%i) as a breach of protocol',
  async (code) => {
    const { far, result } = exchange()
    far.write(code, encoded({}))
    const error = await result.catch((e: unknown) => e)
    expect(disconnectReasonOf(error)).toBe(DisconnectReason.ProtocolError)
  },
)

test('exchangeHello rejects with a TimeoutError after 5 seconds without a Hello', async () => {
  const { clock, result } = exchange()
  await clock.advance(HELLO_TIMEOUT)
  expect(HELLO_TIMEOUT).toBe(5_000)
  await expect(result).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
})

test('exchangeHello rejects with a HandshakeError when the connection ends before the Hello', async () => {
  const { far, result } = exchange()
  await far.close()
  await expect(result).rejects.toMatchObject({ code: 'ERR_HELLO' })
})

test('exchangeHello rejects with the reason of its signal, aborted before or during the call', async () => {
  const abort = new AbortController()
  const { result } = exchange({ signal: abort.signal })
  abort.abort(new Error('enough'))
  await expect(result).rejects.toThrow('enough')
  await expect(exchange({ signal: AbortSignal.abort(new Error('before')) }).result).rejects.toThrow('before')
})

test('exchangeHello leaves no timer, however it ends', async () => {
  const good = exchange()
  good.far.write(BaseCode.Hello, encoded({}))
  await good.result
  const bad = exchange()
  bad.far.write(BaseCode.Disconnect, Uint8Array.of(4))
  await bad.result.catch(() => {})
  expect([good.clock.pending, bad.clock.pending]).toEqual([0, 0])
})

test('frames behind the Hello wait for the next owner of the transport', async () => {
  const { far, near, result, clock } = exchange()
  far.write(BaseCode.Hello, encoded({}))
  far.write(16, Uint8Array.of(1))
  far.write(17, Uint8Array.of(2))
  await result
  await clock.advance(0)
  const frames = framesOf(near)
  await clock.advance(0)
  expect(frames.map(({ code }) => code)).toEqual([16, 17])
})

test.each([
  [4, false],
  [5, true],
  [6, true],
])('exchangeHello with a remote of version %i turns compression on: %s', async (version, compresses) => {
  const { far, result, snappy } = exchange()
  far.write(BaseCode.Hello, encoded({ version }))
  await result
  expect(snappy).toEqual(compresses ? [true] : [])
})

async function joined() {
  const clock = new FakeClock()
  const network = new MemoryNetwork({ clock })
  const keys = [NodeKey.generate(), NodeKey.generate()] as const
  const accepted = new Promise<RlpxTransport>((resolve, reject) => {
    const onConnection = (stream: Parameters<typeof RlpxTransport.accept>[0]): void =>
      void RlpxTransport.accept(stream, { key: keys[1], clock }).then(resolve, reject)
    void network.listen({ port: 30303, onConnection })
  })
  const stream = await network.connect({ host: '127.0.0.1', port: 30303 })
  const dialer = await RlpxTransport.initiate(stream, { key: keys[0], clock, remotePublicKey: keys[1].publicKey })
  return { dialer, acceptor: await accepted, keys, clock }
}

test('compression over RLPx begins exactly behind the Hello, even for frames in the same chunk', async () => {
  const { dialer, acceptor, keys, clock } = await joined()
  const body = Uint8Array.from({ length: 5_000 }, (_, i) => i >> 6)
  const ours = (i: 0 | 1) => encoded({ id: keys[i].publicKey })
  const theirs = exchangeHello(acceptor, ours(1), { remotePublicKey: keys[0].publicKey, clock })
  const frames = theirs.then(() => framesOf(acceptor))
  const mine = exchangeHello(dialer, ours(0), { remotePublicKey: keys[1].publicKey, clock })
  await mine
  dialer.write(16, body)
  dialer.write(17, body)
  await clock.advance(0)
  await clock.advance(0)
  expect((await frames).map(({ code, payload }) => [code, payload])).toEqual([
    [16, body],
    [17, body],
  ])
  expect(dialer.bytesOut).toBeLessThan(body.length) // two bodies in less than the room of one
})

test('nothing is compressed over RLPx with a remote of version 4', async () => {
  const { dialer, acceptor, keys, clock } = await joined()
  const body = new Uint8Array(5_000)
  const old = exchangeHello(acceptor, encoded({ version: 4, id: keys[1].publicKey }), {
    remotePublicKey: keys[0].publicKey,
    clock,
  })
  await exchangeHello(dialer, encoded({ id: keys[0].publicKey }), { remotePublicKey: keys[1].publicKey, clock })
  await old
  const before = dialer.bytesOut
  dialer.write(16, body)
  await clock.advance(0)
  expect(dialer.bytesOut - before).toBeGreaterThan(body.length)
})
