/**
 * The crypto of RLPx frames, one direction of one connection at a time: AES-256-CTR, and the MAC that runs through all
 * frames. The frames lie in a window of the kernel's memory, where everything happens in place.
 * @see https://github.com/ethereum/devp2p/blob/master/rlpx.md#framing
 * @module
 */
import { InternalError } from '../base/errors.ts'
import { absorb } from './keccak.ts'
import { INBOUND_PAGE, kernel, kernelBytes, OUTBOUND_PAGE, PAGE_BYTES, StatePool } from './kernel.ts'
import { AesCtr } from './node-crypto.ts'

/** What a connection's handshake agreed on for one direction. */
export interface FrameSecrets {
  /** 32 bytes: the key of the AES-256-CTR stream. */
  readonly aes: Uint8Array
  /** 32 bytes: the key of the MAC's AES-256. */
  readonly mac: Uint8Array
  /** What the MAC begins with: the nonces' part and the handshake message of this direction. */
  readonly seed: Uint8Array
}

/** A window of the kernel's memory: where frames lie while they are worked on. */
export const WINDOW_BYTES: number = PAGE_BYTES
export const INBOUND_WINDOW: number = INBOUND_PAGE * PAGE_BYTES
export const OUTBOUND_WINDOW: number = OUTBOUND_PAGE * PAGE_BYTES

/** The memory that both windows lie in. Another object after connections were made: ask again rather than keep it. */
export const frameMemory: () => Uint8Array = kernelBytes

const HEADER_BYTES = 16
const BLOCK_BYTES = 16
/** What wasm/rlpx.ts keeps of a direction. */
const KERNEL_STATE_BYTES = 704
/** Keystream made ahead: several small frames for one call into the cipher, which costs much however short it is. */
const AHEAD_BYTES = 512
const ZEROS = new Uint8Array(WINDOW_BYTES + AHEAD_BYTES)
/**
 * So much keystream is made by the kernel, block by block, before OpenSSL's cipher, ten times as fast, is worth an object:
 * a quiet connection never has one.
 */
const QUIET_BYTES = 4096

const states = new StatePool(KERNEL_STATE_BYTES + AHEAD_BYTES)

/**
 * All connections share the two windows, one inbound and one outbound: fill the window, call, and take the result,
 * before anybody else's code runs. Positions are addresses in {@link frameMemory}, inside the window.
 */
abstract class FrameCrypto {
  protected readonly state: number = states.take()
  /** Behind the window. */
  readonly #keystreamAt: number
  readonly #aes: Uint8Array
  /** Blocks of keystream that the kernel has made; the cipher goes on behind them. */
  #blocks = 0
  #cipher: AesCtr | undefined
  /** Bytes of keystream that were made ahead and not used yet: the last ones of the state. */
  #ahead = 0
  #freed = false

  constructor(window: number, { aes, mac, seed }: FrameSecrets) {
    this.#keystreamAt = window + WINDOW_BYTES
    this.#aes = aes
    absorb(this.state, seed)
    const [macAt, aesAt, end] = [this.#keystreamAt, this.#keystreamAt + 32, this.#keystreamAt + 64]
    kernelBytes().set(mac, macAt)
    kernelBytes().set(aes, aesAt)
    kernel.start(this.state, macAt, aesAt)
    kernelBytes().fill(0, macAt, end)
  }

  /** Wipes the state and gives it back; nothing can be sealed or opened any more. Freeing twice does nothing. */
  free(): void {
    if (this.#freed) return
    this.#freed = true
    states.giveBack(this.state)
  }

  /** The address of the next `length` bytes of keystream. The kernel wipes what it uses. */
  protected keystream(length: number): number {
    if (this.#freed) throw new InternalError('the crypto of a connection used after free()')
    if (length <= this.#ahead) {
      const at = this.#aheadAt()
      this.#ahead -= length
      return at
    }
    return this.#makeKeystream(length)
  }

  /** What is left comes first. */
  #makeKeystream(length: number): number {
    const [at, left, had] = [this.#keystreamAt, this.#aheadAt(), this.#ahead]
    kernelBytes().copyWithin(at, left, left + had)
    const missing = length - had
    if (!this.#cipher && this.#blocks * BLOCK_BYTES + missing <= QUIET_BYTES) this.#makeInKernel(at + had, missing)
    else this.#makeByCipher(at + had, missing)
    return at
  }

  /** What of the last block is not needed is kept. */
  #makeInKernel(at: number, length: number): void {
    const count = Math.ceil(length / BLOCK_BYTES)
    kernel.makeKeystream(this.state, at, this.#blocks, count)
    this.#blocks += count
    this.#ahead = count * BLOCK_BYTES - length
    kernelBytes().copyWithin(this.#aheadAt(), at + length, at + length + this.#ahead)
    kernelBytes().fill(0, at + length, at + length + this.#ahead)
  }

  /** Makes as much ahead as the state holds. */
  #makeByCipher(at: number, length: number): void {
    this.#cipher ??= new AesCtr(this.#aes, counterBlock(this.#blocks))
    const made = this.#cipher.update(ZEROS.subarray(0, length + AHEAD_BYTES))
    this.#ahead = AHEAD_BYTES
    kernelBytes().set(made.subarray(0, length), at)
    kernelBytes().set(made.subarray(length), this.#aheadAt())
  }

  #aheadAt(): number {
    return this.state + KERNEL_STATE_BYTES + AHEAD_BYTES - this.#ahead
  }
}

/** AES-CTR from a zero IV counts blocks, highest byte first. */
function counterBlock(block: number): Uint8Array {
  const iv = new Uint8Array(BLOCK_BYTES)
  new DataView(iv.buffer).setUint32(BLOCK_BYTES - 4, block)
  return iv
}

/** Encrypts frames and writes their MACs. */
export class FrameSealer extends FrameCrypto {
  constructor(secrets: FrameSecrets) {
    super(OUTBOUND_WINDOW, secrets)
  }

  /** The 16 bytes of a header; its MAC is written behind it. */
  head(at: number): void {
    kernel.sealHead(this.state, at, this.keystream(HEADER_BYTES))
  }

  /** The next `length` bytes of a body. */
  body(at: number, length: number): void {
    kernel.sealBody(this.state, at, length, this.keystream(length))
  }

  /** The body ends here: its MAC is written. */
  end(at: number): void {
    kernel.sealEnd(this.state, at)
  }
}

/** Checks MACs and decrypts frames. */
export class FrameOpener extends FrameCrypto {
  constructor(secrets: FrameSecrets) {
    super(INBOUND_WINDOW, secrets)
  }

  /** Decrypts the 16 bytes of a header; false, with nothing decrypted, when the MAC behind it is wrong. */
  head(at: number): boolean {
    return kernel.openHead(this.state, at, this.keystream(HEADER_BYTES)) !== 0
  }

  /** The next `length` bytes of a body: not to be trusted before {@link end}. */
  body(at: number, length: number): void {
    kernel.openBody(this.state, at, length, this.keystream(length))
  }

  /** The body ends here: whether the MAC at `at` is right. */
  end(at: number): boolean {
    return kernel.openEnd(this.state, at) !== 0
  }
}
