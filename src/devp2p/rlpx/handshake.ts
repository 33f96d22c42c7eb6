/**
 * The RLPx handshake in its EIP-8 form, both roles, as state machines without I/O: bytes in, bytes out.
 *
 * Start at {@link Initiator} and {@link Recipient}; `handshake-io.ts` drives them over a stream.
 * The form from before EIP-8 (307 and 210 bytes without a size prefix) is not accepted, as in go-ethereum.
 * @see https://github.com/ethereum/devp2p/blob/master/rlpx.md, https://eips.ethereum.org/EIPS/eip-8
 * @module
 */
import { concatBytes, EMPTY_BYTES } from '../../base/bytes.ts'
import { HandshakeError } from '../../base/errors.ts'
import { rlp } from '../../codec/index.ts'
import {
  ECIES_OVERHEAD_BYTES,
  eciesDecrypt,
  eciesEncrypt,
  generateKey,
  keccak256,
  randomBytes,
  secp256k1,
} from '../../crypto/index.ts'

/** Message that failed: `auth` goes from the initiator to the recipient, `ack` back. */
export type HandshakeStage = 'auth' | 'ack'

/** Keys that encrypt and authenticate frames. The seeds start the running MAC of each direction. */
export interface Secrets {
  readonly aes: Uint8Array
  readonly mac: Uint8Array
  readonly egressMacSeed: Uint8Array
  readonly ingressMacSeed: Uint8Array
}

export interface HandshakeResult {
  /** Public key of the remote, 64 bytes. Equal to our own when we dialed ourselves. */
  readonly remotePublicKey: Uint8Array
  readonly secrets: Secrets
  /** Message to send before the first frame; empty for the initiator. */
  readonly reply: Uint8Array
  /** Bytes that came after the handshake: the beginning of the remote's frames. */
  readonly rest: Uint8Array
}

/** Interface of both roles. */
export interface Handshake {
  /** Message that is expected from the remote. */
  readonly stage: HandshakeStage
  /** Message to send first; empty for the recipient. */
  readonly opening: Uint8Array
  /** Takes the next bytes in pieces of any size. The result comes once. Throws `HandshakeError` and nothing else. */
  push(chunk: Uint8Array): HandshakeResult | undefined
}

export interface HandshakeOptions {
  /** Our static key, 32 bytes. */
  readonly privateKey: Uint8Array
  /** Ephemeral key, 32 bytes. @default a new one */
  readonly ephemeralKey?: Uint8Array
  /** Nonce, 32 bytes. @default random */
  readonly nonce?: Uint8Array
}

export interface InitiatorOptions extends HandshakeOptions {
  /** Our static public key: 64 bytes. @default computed from the private one */
  readonly publicKey?: Uint8Array | undefined
  /** Public key that the remote has to prove, 64 bytes. */
  readonly remotePublicKey: Uint8Array
}

/**
 * Largest size a prefix may announce, checked before anything is allocated or computed: go-ethereum's limit, added
 * after nodes were brought down with prefixes of up to 64 KiB.
 */
export const MAX_HANDSHAKE_BYTES = 2048

const PREFIX_BYTES = 2
/** EIP-8: at least 100 bytes of padding, of random length, so that the form cannot be recognised by its size. */
const MIN_PADDING_BYTES = 100
const PADDING_SPREAD_BYTES = 100
const HANDSHAKE_VERSION = 4n

interface Auth {
  readonly signature: Uint8Array
  readonly publicKey: Uint8Array
  readonly nonce: Uint8Array
  readonly version: bigint
}

interface Ack {
  readonly ephemeralPublicKey: Uint8Array
  readonly nonce: Uint8Array
  readonly version: bigint
}

const authType: rlp.RlpType<Auth> = rlp.struct(
  { signature: rlp.fixed(65), publicKey: rlp.fixed(64), nonce: rlp.fixed(32), version: rlp.uint64 },
  { extra: 'ignore' },
)

const ackType: rlp.RlpType<Ack> = rlp.struct(
  { ephemeralPublicKey: rlp.fixed(64), nonce: rlp.fixed(32), version: rlp.uint64 },
  { extra: 'ignore' },
)

/** State machine of the side that dialed: sends `auth` first, then waits for `ack`. */
export class Initiator implements Handshake {
  readonly stage = 'ack'
  readonly opening: Uint8Array
  readonly #privateKey: Uint8Array
  readonly #publicKey: Uint8Array
  readonly #remotePublicKey: Uint8Array
  readonly #ephemeralKey: Uint8Array
  readonly #nonce: Uint8Array
  readonly #inbox = new Inbox('ack')

  /** Throws `HandshakeError` `ERR_HANDSHAKE_KEY` when the remote's key is no point of the curve. */
  constructor(options: InitiatorOptions) {
    if (!secp256k1().isPublicKey(options.remotePublicKey)) {
      throw new HandshakeError('ERR_HANDSHAKE_KEY', 'auth', 'the public key of the node to dial is not on the curve')
    }
    this.#privateKey = options.privateKey
    this.#publicKey = options.publicKey ?? secp256k1().publicKey(options.privateKey)
    this.#remotePublicKey = options.remotePublicKey
    this.#ephemeralKey = options.ephemeralKey ?? generateKey()
    this.#nonce = options.nonce ?? randomBytes(32)
    this.opening = this.#auth()
  }

  push(chunk: Uint8Array): HandshakeResult | undefined {
    const message = this.#inbox.push(chunk)
    return message && failAs('ack', () => this.#finish(message))
  }

  #auth(): Uint8Array {
    const shared = secp256k1().ecdh(this.#privateKey, this.#remotePublicKey)
    const auth = authType.encode({
      signature: secp256k1().sign(xor(shared, this.#nonce), this.#ephemeralKey),
      publicKey: this.#publicKey,
      nonce: this.#nonce,
      version: HANDSHAKE_VERSION,
    })
    return seal(auth, this.#remotePublicKey)
  }

  #finish(message: Uint8Array): HandshakeResult {
    const ack = open(message, this.#privateKey, ackType)
    const ephemeralSecret = secp256k1().ecdhEphemeral(this.#ephemeralKey, ack.ephemeralPublicKey)
    const { aes, mac } = deriveSecrets(ephemeralSecret, this.#nonce, ack.nonce)
    return {
      remotePublicKey: this.#remotePublicKey,
      secrets: {
        aes,
        mac,
        egressMacSeed: concatBytes(xor(mac, ack.nonce), this.opening),
        ingressMacSeed: concatBytes(xor(mac, this.#nonce), message),
      },
      reply: EMPTY_BYTES,
      rest: this.#inbox.rest,
    }
  }
}

/**
 * State machine of the side that was dialed: waits for `auth`, which proves the remote's identity, and answers `ack`.
 */
export class Recipient implements Handshake {
  readonly stage = 'auth'
  readonly opening = EMPTY_BYTES
  readonly #options: HandshakeOptions
  readonly #inbox = new Inbox('auth')

  constructor(options: HandshakeOptions) {
    this.#options = options
  }

  push(chunk: Uint8Array): HandshakeResult | undefined {
    const message = this.#inbox.push(chunk)
    return message && failAs('auth', () => this.#finish(message))
  }

  #finish(message: Uint8Array): HandshakeResult {
    const curve = secp256k1()
    const auth = open(message, this.#options.privateKey, authType)
    const shared = curve.ecdh(this.#options.privateKey, auth.publicKey)
    const ephemeralKey = this.#options.ephemeralKey ?? generateKey()
    // The initiator's ephemeral key is not sent: it is recovered from the signature.
    const ephemeralSecret = curve.recoverEcdh(ephemeralKey, xor(shared, auth.nonce), auth.signature)
    const nonce = this.#options.nonce ?? randomBytes(32)
    const ack = ackType.encode({
      ephemeralPublicKey: curve.publicKey(ephemeralKey),
      nonce,
      version: HANDSHAKE_VERSION,
    })
    const reply = seal(ack, auth.publicKey)
    const { aes, mac } = deriveSecrets(ephemeralSecret, auth.nonce, nonce)
    return {
      remotePublicKey: auth.publicKey,
      secrets: {
        aes,
        mac,
        egressMacSeed: concatBytes(xor(mac, auth.nonce), reply),
        ingressMacSeed: concatBytes(xor(mac, nonce), message),
      },
      reply,
      rest: this.#inbox.rest,
    }
  }
}

/** Collects one size-prefixed message. Holds at most `MAX_HANDSHAKE_BYTES` and the prefix, in one exact buffer. */
class Inbox {
  readonly #stage: HandshakeStage
  readonly #prefix = new Uint8Array(PREFIX_BYTES)
  #message: Uint8Array = this.#prefix
  #filled = 0
  #done = false
  /** Bytes after the message, once it is complete. */
  rest: Uint8Array = EMPTY_BYTES

  constructor(stage: HandshakeStage) {
    this.#stage = stage
  }

  push(chunk: Uint8Array): Uint8Array | undefined {
    if (this.#done) throw new HandshakeError('ERR_HANDSHAKE_MESSAGE', this.#stage, 'the handshake is over')
    let at = this.#take(chunk, 0)
    if (this.#message === this.#prefix && this.#filled === PREFIX_BYTES) {
      this.#message = this.#allocate()
      at = this.#take(chunk, at)
    }
    if (this.#message === this.#prefix || this.#filled < this.#message.length) return undefined
    this.#done = true
    if (at < chunk.length) this.rest = chunk.subarray(at) // an empty view, too, would keep the whole chunk
    return this.#message
  }

  /** Copies the missing bytes from `chunk`, starting at `at`. @returns the position after the last one. */
  #take(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.#message.length - this.#filled)
    this.#message.set(chunk.subarray(at, end), this.#filled)
    this.#filled += end - at
    return end
  }

  #allocate(): Uint8Array {
    const size = ((this.#prefix[0] as number) << 8) | (this.#prefix[1] as number)
    if (size > MAX_HANDSHAKE_BYTES || size <= ECIES_OVERHEAD_BYTES) {
      throw new HandshakeError('ERR_HANDSHAKE_SIZE', this.#stage, `a message of ${size} bytes is not a handshake`)
    }
    const message = new Uint8Array(PREFIX_BYTES + size)
    message.set(this.#prefix)
    return message
  }
}

/** Pads, encrypts and prefixes a message. The prefix is authenticated with it. */
function seal(message: Uint8Array, remotePublicKey: Uint8Array): Uint8Array {
  const padding = MIN_PADDING_BYTES + ((randomBytes(1)[0] as number) % PADDING_SPREAD_BYTES)
  const size = message.length + padding + ECIES_OVERHEAD_BYTES
  const prefix = Uint8Array.of(size >> 8, size & 0xff)
  const padded = concatBytes(message, new Uint8Array(padding))
  return concatBytes(prefix, eciesEncrypt(secp256k1(), remotePublicKey, padded, prefix))
}

/** Decrypts a message and reads the list at its front; what follows the list is padding, whatever it holds. */
function open<T>(message: Uint8Array, privateKey: Uint8Array, type: rlp.RlpType<T>): T {
  const plain = eciesDecrypt(secp256k1(), privateKey, message.subarray(PREFIX_BYTES), message.subarray(0, PREFIX_BYTES))
  return type.read(new rlp.RlpReader(plain))
}

function deriveSecrets(
  ephemeralSecret: Uint8Array,
  initiatorNonce: Uint8Array,
  recipientNonce: Uint8Array,
): { aes: Uint8Array; mac: Uint8Array } {
  const nonces = keccak256(concatBytes(recipientNonce, initiatorNonce))
  const shared = keccak256(concatBytes(ephemeralSecret, nonces))
  const aes = keccak256(concatBytes(ephemeralSecret, shared))
  return { aes, mac: keccak256(concatBytes(ephemeralSecret, aes)) }
}

/** Turns every failure of `step` into one error type, whose cause tells a point off the curve from a bad MAC. */
function failAs<T>(stage: HandshakeStage, step: () => T): T {
  try {
    return step()
  } catch (cause) {
    throw new HandshakeError('ERR_HANDSHAKE_MESSAGE', stage, `the remote's ${stage} message is not valid`, { cause })
  }
}

/** Combines two values of 32 bytes. */
function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(32)
  for (let i = 0; i < 32; i++) out[i] = (a[i] as number) ^ (b[i] as number)
  return out
}
