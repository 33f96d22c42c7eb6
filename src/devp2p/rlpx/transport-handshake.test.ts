import { describe, expect, it, test } from 'vitest'
import { collectGarbage } from '../../../test/support/garbage.ts'
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
import { randomBytes } from '../../crypto/index.ts'
import { type ByteStream, MemoryNetwork, type StreamSink } from '../../net/index.ts'
import { Initiator, Recipient } from './handshake.ts'
import { type RlpxOptions, RlpxTransport } from './transport.ts'

describe('the handshake', () => {
  const both = (a: ByteStream, b: ByteStream, options: Partial<RlpxOptions> = {}, remotePublicKey = keyB.publicKey) =>
    Promise.allSettled([
      RlpxTransport.initiate(a, { key: keyA, remotePublicKey, ...options }),
      RlpxTransport.accept(b, { key: keyB, ...options }),
    ])

  it('survives bytes that come one at a time, with the first frames glued on', async () => {
    const [a, b] = await streamPair()
    const single = (chunk: Uint8Array): Uint8Array[] => Array.from(chunk, (byte) => Uint8Array.of(byte))
    const recipient = RlpxTransport.accept(altered(b, single), { key: keyB })
    const initiator = await RlpxTransport.initiate(altered(a, single), { key: keyA, remotePublicKey: keyB.publicKey })
    initiator.write(0, randomBytes(100))
    const sink = opened(await recipient)
    await sink.count(1)
    expect(sink.frames[0]!.payload).toHaveLength(100)
  })

  it('keeps the frames that came with the ack until somebody listens', async () => {
    const [a, b] = await streamPair()
    const accepting = RlpxTransport.accept(b, { key: keyB }).then((transport) => transport.write(0, new Uint8Array(5)))
    const initiator = await RlpxTransport.initiate(a, { key: keyA, remotePublicKey: keyB.publicKey })
    await accepting
    await settle()
    const sink = opened(initiator)
    await sink.count(1)
    expect(sink.keys).toEqual([0])
  })

  it('fails at both ends when the remote is another than expected', async () => {
    const [a, b] = await streamPair()
    const [initiator, recipient] = await both(a, b, {}, newKey().publicKey)
    expect(initiator).toMatchObject({ reason: { code: 'ERR_HANDSHAKE_CLOSED', stage: 'ack' } })
    expect(recipient).toMatchObject({ reason: { code: 'ERR_HANDSHAKE_MESSAGE', stage: 'auth' } })
  })

  it('destroys the stream when the key to dial is not on the curve', async () => {
    const [a, b] = await streamPair()
    const [initiator, recipient] = await both(a, b, {}, new Uint8Array(64))
    expect(initiator).toMatchObject({ reason: { code: 'ERR_HANDSHAKE_KEY' } })
    expect(recipient).toMatchObject({ reason: { code: 'ERR_HANDSHAKE_CLOSED', stage: 'auth' } })
  })

  it('rejects an announced size of 2049 at once, and garbage', async () => {
    for (const bytes of [Uint8Array.of(0x08, 0x01), concatBytes(Uint8Array.of(1, 0), randomBytes(300))]) {
      const [a, b] = await streamPair()
      const accepting = RlpxTransport.accept(b, { key: keyB })
      a.write(bytes)
      await expect(accepting).rejects.toBeInstanceOf(HandshakeError)
    }
  })

  it('ends a remote that sends a byte a second, after five seconds, with the stream destroyed', async () => {
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

  it('is given up by the signal, with its reason', async () => {
    const controller = new AbortController()
    const [, b] = await streamPair()
    const accepting = RlpxTransport.accept(b, { key: keyB, signal: controller.signal })
    controller.abort('enough')
    await expect(accepting).rejects.toBe('enough')
    const [, d] = await streamPair()
    await expect(RlpxTransport.accept(d, { key: keyB, signal: controller.signal })).rejects.toBe('enough')
  })

  it('leaves no timer and no listener behind', async () => {
    const clock = new FakeClock()
    const controller = new AbortController()
    const [a] = await transportPair(new MemoryNetwork({ clock }), { clock, signal: controller.signal })
    expect(clock.pending).toBe(0)
    controller.abort()
    const sink = opened(a)
    await settle()
    expect(sink.ends).toEqual([])
  })

  test('the handshake leaves nothing on the way of later chunks: its sink is released', async () => {
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

  it('gives who replays an auth nothing: the first frame does not verify', async () => {
    const [a, b] = await streamPair()
    const { opening } = new Initiator({ privateKey: keyA.privateKey, remotePublicKey: keyB.publicKey })
    a.write(opening)
    a.write(randomBytes(64))
    const sink = opened(await RlpxTransport.accept(b, { key: keyB }))
    expect(await sink.ended()).toMatchObject({ code: 'ERR_RLPX_MAC' })
  })
})

describe('a recipient without a transport', () => {
  it('answers the same bytes a transport would understand', async () => {
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
