import { describe, expect, test } from 'vitest'
import { randomBytes } from '../../../test/support/random.ts'
import vectors from '../../../test/vectors/rlpx.json' with { type: 'json' }
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '../../base/bytes.ts'
import { HandshakeError, PeerloomError } from '../../base/errors.ts'
import { rlp } from '../../codec/index.ts'
import { eciesDecrypt, eciesEncrypt, generateKey, keccak256, secp256k1 } from '../../crypto/index.ts'
import { type Handshake, type HandshakeResult, Initiator, MAX_HANDSHAKE_BYTES, Recipient } from './handshake.ts'

const keyA = hexToBytes(vectors.staticKeyA)
const keyB = hexToBytes(vectors.staticKeyB)
const publicA = secp256k1().publicKey(keyA)
const publicB = secp256k1().publicKey(keyB)
const ephemeralKeyA = hexToBytes(vectors.ephemeralKeyA)
const ephemeralKeyB = hexToBytes(vectors.ephemeralKeyB)
const nonceA = hexToBytes(vectors.nonceA)
const nonceB = hexToBytes(vectors.nonceB)
const auths = vectors.auth.map(({ bytes }) => hexToBytes(bytes))
const acks = vectors.ack.map(({ bytes }) => hexToBytes(bytes))

const initiatorA = (): Initiator =>
  new Initiator({ privateKey: keyA, remotePublicKey: publicB, ephemeralKey: ephemeralKeyA, nonce: nonceA })
const recipientB = (): Recipient => new Recipient({ privateKey: keyB, ephemeralKey: ephemeralKeyB, nonce: nonceB })

function finish(handshake: Handshake, bytes: Uint8Array): HandshakeResult {
  const result = handshake.push(bytes)
  if (!result) throw new Error('the handshake is not over')
  return result
}

function errorOf(step: () => unknown): HandshakeError {
  try {
    step()
  } catch (error) {
    if (error instanceof HandshakeError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** Prefixes and encrypts any body, as a remote with ideas of its own might. */
function sealTo(publicKey: Uint8Array, body: Uint8Array): Uint8Array {
  const size = body.length + 113
  const prefix = Uint8Array.of(size >> 8, size & 0xff)
  return concatBytes(prefix, eciesEncrypt(secp256k1(), publicKey, body, prefix))
}

describe('the recipient', () => {
  test.each(vectors.auth)('the recipient reads the auth of EIP-8 with version $version', ({ bytes }) => {
    expect(bytesToHex(finish(recipientB(), hexToBytes(bytes)).remotePublicKey)).toBe(bytesToHex(publicA))
  })

  test('the recipient derives the secrets of EIP-8', () => {
    const { secrets } = finish(recipientB(), auths[0]!)
    expect(bytesToHex(secrets.aes)).toBe(vectors.secrets.aes)
    expect(bytesToHex(secrets.mac)).toBe(vectors.secrets.mac)
    const ingress = keccak256(concatBytes(secrets.ingressMacSeed, utf8ToBytes('foo')))
    expect(bytesToHex(ingress)).toBe(vectors.secrets.ingressMacOfFoo)
  })

  test('the ack has a correct size prefix, and 100 to 199 zeros of padding that vary', () => {
    const sizes = new Set<number>()
    for (let i = 0; i < 40; i++) {
      const { reply } = finish(recipientB(), auths[0]!)
      sizes.add(reply.length)
      expect((reply[0]! << 8) | reply[1]!).toBe(reply.length - 2)
      const plain = eciesDecrypt(secp256k1(), keyA, reply.subarray(2), reply.subarray(0, 2))
      const reader = new rlp.RlpReader(plain)
      reader.skip()
      const padding = plain.subarray(reader.offset)
      expect(padding.length).toBeGreaterThanOrEqual(100)
      expect(padding.length).toBeLessThan(200)
      expect(padding.every((byte) => byte === 0)).toBe(true)
    }
    expect(sizes.size).toBeGreaterThan(5)
  })

  test('an auth in the form from before EIP-8 is read as the start of a longer message, which fails to decrypt', () => {
    const recipient = recipientB()
    expect(recipient.push(hexToBytes(vectors.plainAuth))).toBeUndefined()
    expect(errorOf(() => recipient.push(new Uint8Array(2048)))).toMatchObject({ stage: 'auth' })
  })

  test('the recipient refuses an auth for another node', () => {
    const error = errorOf(() => new Recipient({ privateKey: generateKey() }).push(auths[0]!))
    expect(error).toMatchObject({ code: 'ERR_HANDSHAKE_MESSAGE', stage: 'auth', cause: { code: 'ERR_ECIES' } })
  })

  test('the recipient refuses a point off the curve before it uses its key on it', () => {
    const tampered = auths[0]!.slice()
    tampered.fill(0, 3, 67)
    const { cause } = errorOf(() => recipientB().push(tampered))
    expect(cause).toMatchObject({ cause: { code: 'ERR_INVALID_PUBLIC_KEY' } })
  })

  test('the recipient refuses an initiator whose static key is off the curve', () => {
    const body = rlp.encodeItems([new Uint8Array(65), new Uint8Array(64), new Uint8Array(32), Uint8Array.of(4)])
    const { cause } = errorOf(() => recipientB().push(sealTo(publicB, body)))
    expect(cause).toMatchObject({ code: 'ERR_INVALID_PUBLIC_KEY' })
  })

  test('the recipient refuses an impossible signature', () => {
    const body = rlp.encodeItems([new Uint8Array(65), publicA, new Uint8Array(32), Uint8Array.of(4)])
    const { cause } = errorOf(() => recipientB().push(sealTo(publicB, body)))
    expect(cause).toMatchObject({ code: 'ERR_INVALID_SIGNATURE' })
  })

  test('the recipient refuses every change of a single byte', () => {
    for (let i = 0; i < auths[0]!.length; i += 7) {
      const changed = auths[0]!.slice()
      changed[i]! ^= 0x10
      let result: HandshakeResult | undefined
      try {
        result = recipientB().push(changed)
      } catch (error) {
        expect(error).toBeInstanceOf(HandshakeError)
      }
      expect(result).toBeUndefined()
    }
  })

  test('the recipient refuses a body that is no auth, with the codec error as the cause', () => {
    for (const body of [
      new Uint8Array(200),
      Uint8Array.of(0xc0),
      rlp.encodeItems([randomBytes(65)]),
      randomBytes(99),
    ]) {
      expect(errorOf(() => recipientB().push(sealTo(publicB, body))).cause).toMatchObject({ name: 'CodecError' })
    }
  })

  test('the recipient ignores the content of the padding', () => {
    const initiator = initiatorA()
    const plain = eciesDecrypt(secp256k1(), keyB, initiator.opening.subarray(2), initiator.opening.subarray(0, 2))
    plain.fill(0xff, plain.length - 50)
    expect(finish(recipientB(), sealTo(publicB, plain)).remotePublicKey).toEqual(publicA)
  })

  test('the recipient accepts a replayed auth with a new nonce: only the owner of the key can continue', () => {
    const [first, second] = [0, 1].map(() => finish(new Recipient({ privateKey: keyB }), auths[0]!))
    expect(first!.secrets.aes).not.toEqual(second!.secrets.aes)
  })
})

describe('the initiator', () => {
  test.each(vectors.ack)('the initiator reads the ack of EIP-8 with version $version', ({ bytes }) => {
    const { remotePublicKey, reply } = finish(initiatorA(), hexToBytes(bytes))
    expect(remotePublicKey).toEqual(publicB)
    expect(reply).toHaveLength(0)
  })

  test('the initiator derives the secrets of EIP-8', () => {
    const { secrets } = finish(initiatorA(), acks[0]!)
    expect(bytesToHex(secrets.aes)).toBe(vectors.secrets.aes)
    expect(bytesToHex(secrets.mac)).toBe(vectors.secrets.mac)
  })

  test('the initiator refuses an ack for another node', () => {
    const other = new Initiator({ privateKey: generateKey(), remotePublicKey: publicB })
    expect(errorOf(() => other.push(acks[0]!))).toMatchObject({ code: 'ERR_HANDSHAKE_MESSAGE', stage: 'ack' })
  })

  test('the initiator refuses an ephemeral key off the curve', () => {
    const body = rlp.encodeItems([new Uint8Array(64), nonceB, Uint8Array.of(4)])
    const { cause } = errorOf(() => initiatorA().push(sealTo(publicA, body)))
    expect(cause).toMatchObject({ code: 'ERR_INVALID_PUBLIC_KEY' })
  })

  test('the initiator refuses to dial a key that is not on the curve', () => {
    const step = (): unknown => new Initiator({ privateKey: keyA, remotePublicKey: new Uint8Array(64) })
    expect(errorOf(step)).toMatchObject({ code: 'ERR_HANDSHAKE_KEY' })
  })
})

describe('both sides', () => {
  test('both sides end with the same secrets, mirrored', () => {
    const initiator = new Initiator({ privateKey: keyA, remotePublicKey: publicB })
    const b = finish(new Recipient({ privateKey: keyB }), initiator.opening)
    const a = finish(initiator, b.reply)
    expect(a.secrets.aes).toEqual(b.secrets.aes)
    expect(a.secrets.mac).toEqual(b.secrets.mac)
    expect(a.secrets.egressMacSeed).toEqual(b.secrets.ingressMacSeed)
    expect(a.secrets.ingressMacSeed).toEqual(b.secrets.egressMacSeed)
    expect(b.remotePublicKey).toEqual(publicA)
  })

  test('both sides see their own key when a node dials itself', () => {
    const initiator = new Initiator({ privateKey: keyA, remotePublicKey: publicA })
    expect(finish(new Recipient({ privateKey: keyA }), initiator.opening).remotePublicKey).toEqual(publicA)
  })

  test('both sides read single bytes, and return the bytes after the message', () => {
    const recipient = recipientB()
    for (const byte of auths[0]!.subarray(0, -1)) expect(recipient.push(Uint8Array.of(byte))).toBeUndefined()
    const last = Uint8Array.of(auths[0]!.at(-1)!, 1, 2, 3)
    expect(finish(recipient, last).rest).toEqual(Uint8Array.of(1, 2, 3))
    expect(() => recipient.push(last)).toThrow(HandshakeError)
  })

  test.each([MAX_HANDSHAKE_BYTES + 1, 0xffff, 113, 0])(
    'both sides refuse a size of %i before the body comes',
    (size) => {
      const prefix = Uint8Array.of(size >> 8, size & 0xff)
      for (const handshake of [recipientB(), initiatorA()]) {
        expect(errorOf(() => handshake.push(prefix))).toMatchObject({ code: 'ERR_HANDSHAKE_SIZE' })
      }
    },
  )

  test('both sides accept a message of the largest size', () => {
    const plain = eciesDecrypt(secp256k1(), keyB, auths[0]!.subarray(2), auths[0]!.subarray(0, 2))
    const body = new Uint8Array(MAX_HANDSHAKE_BYTES - 113)
    body.set(plain)
    expect(finish(recipientB(), sealTo(publicB, body)).remotePublicKey).toEqual(publicA)
  })

  test('both sides throw only typed errors at random bytes', () => {
    for (let i = 0; i < 200; i++) {
      const handshake = i % 2 ? recipientB() : initiatorA()
      const garbage = randomBytes(300)
      garbage.set([0x01, i])
      try {
        handshake.push(concatBytes(garbage, randomBytes(300)))
      } catch (error) {
        expect(error).toBeInstanceOf(PeerloomError)
      }
    }
  })
})
