/**
 * Hostile bytes against RLPx: changed handshakes and changed streams of frames. Whatever comes, each side ends with a
 * typed error or goes on; nothing is thrown into the socket, nothing is left unhandled, and memory stays bounded.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { concatBytes } from '../../src/base/bytes.ts'
import { CodecError, HandshakeError, PeerClosedError, PeerloomError } from '../../src/base/errors.ts'
import { secp256k1 } from '../../src/crypto/index.ts'
import { FrameReader } from '../../src/devp2p/rlpx/frame-reader.ts'
import { FrameWriter } from '../../src/devp2p/rlpx/frame-writer.ts'
import { type Handshake, Initiator, Recipient, type Secrets } from '../../src/devp2p/rlpx/handshake.ts'
import { RlpxTransport } from '../../src/devp2p/rlpx/index.ts'
import { type ByteStream, MemoryNetwork } from '../../src/net/index.ts'
import { randomBelow, randomBytes, randomKey, restart, SEED } from '../support/random.ts'

const SECONDS = Number(process.env.PEERLOOM_FUZZ_SECONDS ?? 10)
const MAX_GROWTH_BYTES = 256 * 1024 * 1024
const keyA = randomKey()
const keyB = randomKey()
const publicB = secp256k1().publicKey(keyB)

const unhandled: unknown[] = []
const note = (error: unknown): void => void unhandled.push(error)
beforeAll(() => {
  process.on('unhandledRejection', note)
  process.on('uncaughtException', note)
})
afterAll(() => {
  process.off('unhandledRejection', note)
  process.off('uncaughtException', note)
  expect(unhandled).toEqual([])
})

type Random = (below: number) => number

const MUTATIONS: readonly ((bytes: Uint8Array, random: Random) => Uint8Array)[] = [
  (bytes) => bytes,
  (bytes, random) => {
    const at = random(bytes.length)
    bytes[at] = (bytes[at] as number) ^ (1 << random(8))
    return bytes
  },
  (bytes, random) => bytes.subarray(0, random(bytes.length)),
  (bytes, random) => concatBytes(bytes, randomBytes(random(300))),
  (bytes, random) => {
    const at = random(bytes.length)
    return concatBytes(bytes.subarray(0, at), randomBytes(1 + random(40)), bytes.subarray(at))
  },
  (bytes, random) => concatBytes(bytes.subarray(random(bytes.length)), bytes),
  (bytes, random) => {
    bytes.fill(random(2) * 0xff, random(bytes.length), random(bytes.length))
    return bytes
  },
  (_bytes, random) => randomBytes(1 + random(3000)),
  (bytes, random) => {
    bytes[0] = random(9)
    return bytes
  },
]

function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  const mutation = MUTATIONS[random(MUTATIONS.length)] as (typeof MUTATIONS)[number]
  return mutation(bytes.slice(), random)
}

/** Hands bytes over in pieces of any size; the reader may overwrite them. */
function feed(bytes: Uint8Array, random: Random, take: (chunk: Uint8Array) => unknown): void {
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + random(random(2) ? 20 : 4000)
    take(bytes.slice(at, at + length))
    at += length
  }
}

async function fuzz(step: (random: Random) => unknown): Promise<void> {
  const until = performance.now() + SECONDS * 1000
  const before = process.memoryUsage().rss
  let seed = SEED
  let runs = 0
  try {
    for (; performance.now() < until; seed++, runs++) {
      restart(seed)
      await step(randomBelow)
    }
  } catch (error) {
    throw new Error(`PEERLOOM_TEST_SEED=${seed} begins with this draw`, { cause: error })
  }
  expect(runs).toBeGreaterThan(0)
  expect(process.memoryUsage().rss - before).toBeLessThan(MAX_GROWTH_BYTES)
}

test('changed handshakes end with a HandshakeError, or not at all', async () => {
  await fuzz((random) => {
    const initiator = new Initiator({ privateKey: keyA, remotePublicKey: publicB })
    const recipient = new Recipient({ privateKey: keyB })
    const tryPush = (side: Handshake, bytes: Uint8Array): Uint8Array | undefined => {
      let reply: Uint8Array | undefined
      try {
        feed(bytes, random, (chunk) => {
          reply ??= side.push(chunk)?.reply
        })
      } catch (error) {
        expect(error).toBeInstanceOf(HandshakeError)
      }
      return reply
    }
    const reply = tryPush(recipient, mutate(initiator.opening, random))
    tryPush(initiator, mutate(reply ?? randomBytes(500), random))
  })
})

test('changed streams of frames deliver what was sent, up to a CodecError', async () => {
  await fuzz((random) => {
    const seed = randomBytes(40)
    const secrets: Secrets = { aes: randomBytes(32), mac: randomBytes(32), egressMacSeed: seed, ingressMacSeed: seed }
    const frames: Uint8Array[] = []
    const writer = new FrameWriter(secrets, (bytes) => frames.push(bytes))
    const received: Uint8Array[] = []
    const reader = new FrameReader(secrets, {
      message: (_code, payload) => received.push(payload),
      isStopped: () => false,
    })
    writer.snappy = reader.snappy = random(2) === 1
    const sent = Array.from({ length: 1 + random(6) }, () => randomBytes(random(random(3) ? 60 : 5000)))
    writer.write(sent.map((payload, code) => writer.prepare(code + 2, payload)))
    try {
      feed(mutate(concatBytes(...frames), random), random, (chunk) => reader.push(chunk))
    } catch (error) {
      expect(error).toBeInstanceOf(CodecError)
    }
    for (const [i, payload] of received.entries()) expect(Buffer.compare(payload, sent[i] as Uint8Array)).toBe(0)
    writer.free()
    reader.free()
  })
})

test('authenticated frames with any content deliver, or end with a CodecError', async () => {
  await fuzz((random) => {
    const seed = randomBytes(40)
    const secrets: Secrets = { aes: randomBytes(32), mac: randomBytes(32), egressMacSeed: seed, ingressMacSeed: seed }
    const reader = new FrameReader(secrets, { message() {}, isStopped: () => false })
    // Does not compress: the reader gets whatever this is.
    const writer = new FrameWriter(secrets, (bytes) => feed(bytes, random, (chunk) => reader.push(chunk)))
    reader.snappy = true
    try {
      for (let i = 0; i < 5; i++) {
        const frame = writer.prepare(
          random(4),
          mutate(
            randomBytes(1 + random(80)).map((byte) => byte >> random(8)),
            random,
          ),
        )
        writer.write([frame])
      }
    } catch (error) {
      expect(error).toBeInstanceOf(CodecError)
    }
    writer.free()
    reader.free()
  })
})

test('a transport ends once, with a typed error, whatever its stream brings', async () => {
  const network = new MemoryNetwork()
  let accepted: (stream: ByteStream) => void = () => {}
  const listener = await network.listen({ host: '127.0.0.1', port: 0, onConnection: (stream) => accepted(stream) })
  await fuzz(async (random) => {
    const incoming = new Promise<ByteStream>((resolve) => {
      accepted = resolve
    })
    const attacker = await network.connect({ host: '127.0.0.1', port: listener.endpoint.port })
    const accepting = RlpxTransport.accept(await incoming, { key: { privateKey: keyB } })
    attacker.open({ data() {}, drain() {}, end() {} })
    const { opening } = new Initiator({ privateKey: keyA, remotePublicKey: publicB })
    feed(random(2) ? opening : mutate(opening, random), random, (chunk) => attacker.write(chunk))
    feed(randomBytes(random(200)), random, (chunk) => attacker.write(chunk))
    void attacker.end()
    const ends: unknown[] = []
    try {
      const transport = await accepting
      await new Promise<void>((resolve) => {
        transport.open({ frame() {}, drain() {}, end: (error) => resolve(void ends.push(error)) })
      })
      expect(ends).toHaveLength(1)
      const [end] = ends
      if (end !== undefined) expect(end).toBeInstanceOf(PeerloomError)
      expect(end instanceof HandshakeError).toBe(false)
    } catch (error) {
      if (!(error instanceof HandshakeError || error instanceof PeerClosedError)) throw error
    }
  })
  await listener.close()
})
