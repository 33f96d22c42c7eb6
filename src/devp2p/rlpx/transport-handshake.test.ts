import { describe, expect, test } from 'vitest'
import { collectGarbage } from '../../../test/support/garbage.ts'
import { randomBytes } from '../../../test/support/random.ts'
import {
  altered,
  keyA,
  keyB,
  newKey,
  opened,
  settle,
  streamPair,
  transportPair,
} from '../../../test/support/rlpx-pair.ts'
import { concatBytes } from '../../base/bytes.ts'
import { FakeClock } from '../../base/clock.ts'
import { HandshakeError } from '../../base/errors.ts'
import { type ByteStream, MemoryNetwork, type StreamSink } from '../../net/index.ts'
import { Initiator, Recipient } from './handshake.ts'
import { type RlpxOptions, RlpxTransport } from './transport.ts'

describe('the handshake', () => {
  const both = (a: ByteStream, b: ByteStream, options: Partial<RlpxOptions> = {}, remotePublicKey = keyB.publicKey) =>
    Promise.allSettled([
      RlpxTransport.initiate(a, { key: keyA, remotePublicKey, ...options }),
      RlpxTransport.accept(b, { key: keyB, ...options }),
    ])

  test('a handshake succeeds over single bytes, with the first frame directly behind', async () => {
    const [a, b] = await streamPair()
    const single = (chunk: Uint8Array): Uint8Array[] => Array.from(chunk, (byte) => Uint8Array.of(byte))
    const recipient = RlpxTransport.accept(altered(b, single), { key: keyB })
    const initiator = await RlpxTransport.initiate(altered(a, single), { key: keyA, remotePublicKey: keyB.publicKey })
    initiator.write(0, randomBytes(100))
    const sink = opened(await recipient)
    await sink.count(1)
    expect(sink.frames[0]!.payload).toHaveLength(100)
  })

  test('frames that come with the ack are kept until the transport is opened', async () => {
    const [a, b] = await streamPair()
    const accepting = RlpxTransport.accept(b, { key: keyB }).then((transport) => transport.write(0, new Uint8Array(5)))
    const initiator = await RlpxTransport.initiate(a, { key: keyA, remotePublicKey: keyB.publicKey })
    await accepting
    await settle()
    const sink = opened(initiator)
    await sink.count(1)
    expect(sink.keys).toEqual([0])
  })

  test('a handshake fails at both ends when the remote is not the expected node', async () => {
    const [a, b] = await streamPair()
    const [initiator, recipient] = await both(a, b, {}, newKey().publicKey)
    expect(initiator).toMatchObject({ reason: { code: 'ERR_HANDSHAKE_CLOSED', stage: 'ack' } })
    expect(recipient).toMatchObject({ reason: { code: 'ERR_HANDSHAKE_MESSAGE', stage: 'auth' } })
  })

  test('initiate destroys the stream when the key to dial is not on the curve', async () => {
    const [a, b] = await streamPair()
    const [initiator, recipient] = await both(a, b, {}, new Uint8Array(64))
    expect(initiator).toMatchObject({ reason: { code: 'ERR_HANDSHAKE_KEY' } })
    expect(recipient).toMatchObject({ reason: { code: 'ERR_HANDSHAKE_CLOSED', stage: 'auth' } })
  })

  test('accept rejects an announced size of 2049 at once, and random bytes', async () => {
    for (const bytes of [Uint8Array.of(0x08, 0x01), concatBytes(Uint8Array.of(1, 0), randomBytes(300))]) {
      const [a, b] = await streamPair()
      const accepting = RlpxTransport.accept(b, { key: keyB })
      a.write(bytes)
      await expect(accepting).rejects.toBeInstanceOf(HandshakeError)
    }
  })

  test('a remote that sends a byte a second is cut off after five seconds', async () => {
    const clock = new FakeClock()
    const [a, b] = await streamPair(new MemoryNetwork({ clock }))
    let gone: unknown = 'not yet'
    a.open({
      data() {},
      drain() {},
      end() {
        gone = 'gone'
      },
    })
    const accepting = RlpxTransport.accept(b, { key: keyB, clock })
    const outcome = accepting.then(
      () => 'accepted',
      (error: unknown) => error,
    )
    const { opening } = new Initiator({ privateKey: keyA.privateKey, remotePublicKey: keyB.publicKey })
    for (let second = 0; second < 4; second++) {
      a.write(opening.slice(second, second + 1))
      await clock.advance(1_000)
    }
    await clock.advance(999)
    expect(gone).toBe('not yet')
    await clock.advance(1)
    expect(await outcome).toMatchObject({ code: 'ERR_HANDSHAKE_TIMEOUT', stage: 'auth', cause: { timeout: 5_000 } })
    await settle()
    expect(gone).toBe('gone')
    expect(clock.pending).toBe(0)
  })

  test('a signal cancels a handshake with its reason', async () => {
    const controller = new AbortController()
    const [, b] = await streamPair()
    const accepting = RlpxTransport.accept(b, { key: keyB, signal: controller.signal })
    controller.abort('enough')
    await expect(accepting).rejects.toBe('enough')
    const [, d] = await streamPair()
    await expect(RlpxTransport.accept(d, { key: keyB, signal: controller.signal })).rejects.toBe('enough')
  })

  test('a handshake leaves no timer and no listener behind', async () => {
    const clock = new FakeClock()
    const controller = new AbortController()
    const [a] = await transportPair(new MemoryNetwork({ clock }), { clock, signal: controller.signal })
    expect(clock.pending).toBe(0)
    controller.abort()
    const sink = opened(a)
    await settle()
    expect(sink.ends).toEqual([])
  })

  test('the handshake releases its sink, so that later chunks go directly to the transport', async () => {
    const [a, b] = await streamPair()
    const sinks: WeakRef<StreamSink>[] = []
    const watched: ByteStream = {
      ...altered(b, (chunk) => [chunk]),
      open: (sink) => {
        sinks.push(new WeakRef(sink))
        b.open(sink)
      },
    }
    const accepting = RlpxTransport.accept(watched, { key: keyB })
    await RlpxTransport.initiate(a, { key: keyA, remotePublicKey: keyB.publicKey })
    const transport = await accepting
    await collectGarbage()
    expect(sinks.map((sink) => sink.deref() !== undefined)).toEqual([false, true])
    await transport.close()
  })

  test('a replayed auth gains nothing: the first frame does not verify', async () => {
    const [a, b] = await streamPair()
    const { opening } = new Initiator({ privateKey: keyA.privateKey, remotePublicKey: keyB.publicKey })
    a.write(opening)
    a.write(randomBytes(64))
    const sink = opened(await RlpxTransport.accept(b, { key: keyB }))
    expect(await sink.ended()).toMatchObject({ code: 'ERR_RLPX_MAC' })
  })
})

describe('a recipient without a transport', () => {
  test('a recipient without a transport answers with an ack that a transport reads', async () => {
    const [a, b] = await streamPair()
    const recipient = new Recipient({ privateKey: keyB.privateKey })
    b.open({
      data: (chunk) => void b.write(recipient.push(chunk)!.reply),
      drain() {},
      end() {},
    })
    const transport = await RlpxTransport.initiate(a, { key: keyA, remotePublicKey: keyB.publicKey })
    expect(transport.remotePublicKey).toEqual(keyB.publicKey)
  })
})
