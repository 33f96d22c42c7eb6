/**
 * Crypto of RLPx frames, one direction of one connection at a time: AES-256-CTR, and the MAC that runs over all frames.
 * Frames are processed in place, in a window of the kernel's memory.
 * @see https://github.com/ethereum/devp2p/blob/master/rlpx.md#framing
 * @module
 */
import { InternalError } from '../base/errors.ts'
import { absorb } from './keccak.ts'
import { INBOUND_PAGE, kernel, kernelBytes, OUTBOUND_PAGE, PAGE_BYTES, StatePool } from './kernel.ts'
import { AesCtr } from './node-crypto.ts'

/** Secrets of one direction of a connection, agreed on by the handshake. */
export interface FrameSecrets {
  /** Key of the AES-256-CTR stream, 32 bytes. */
  readonly aes: Uint8Array
  /** Key of the MAC's AES-256, 32 bytes. */
  readonly mac: Uint8Array
  /** Initial input of the MAC: the part of the nonces and the handshake message of this direction. */
  readonly seed: Uint8Array
}

/** Window of the kernel's memory that frames are processed in. */
export const WINDOW_BYTES: number = PAGE_BYTES
export const INBOUND_WINDOW: number = INBOUND_PAGE * PAGE_BYTES
export const OUTBOUND_WINDOW: number = OUTBOUND_PAGE * PAGE_BYTES

/** Memory of both windows. Replaced when it grows with new connections: do not keep a reference. */
export const frameMemory: () => Uint8Array = kernelBytes

const HEADER_BYTES = 16
const BLOCK_BYTES = 16
/** Size of the state of a direction in wasm/rlpx.ts. */
const KERNEL_STATE_BYTES = 704
/** Keystream computed ahead, in bytes: several small frames per call into the cipher, whose overhead is large. */
const AHEAD_BYTES = 512
const ZEROS = new Uint8Array(WINDOW_BYTES + AHEAD_BYTES)
/**
 * Keystream, in blocks, that the kernel computes before a cipher object of OpenSSL, ten times as fast, pays off: a quiet
 * connection never has one.
 */
const QUIET_BYTES = 4096

const states = new StatePool(KERNEL_STATE_BYTES + AHEAD_BYTES)

/**
 * State of one direction. All connections share the two windows, one inbound and one outbound: fill the window, call, and take the result,
 * before any other code runs. Positions are addresses in {@link frameMemory}, inside the window.
 */
abstract class FrameCrypto {
  protected readonly state: number = states.take()
  /** Address behind the window. */
  readonly #keystreamAt: number
  readonly #aes: Uint8Array
  /** Blocks of keystream computed by the kernel; the cipher continues behind them. */
  #blocks = 0
  #cipher: AesCtr | undefined
  /** Unused bytes of keystream computed ahead: the last ones of the state. */
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

  /** Wipes and releases the state, which cannot be used afterwards. Freeing twice does nothing. */
  free(): void {
    if (this.#freed) return
    this.#freed = true
    states.giveBack(this.state)
  }

  /** Address of the next `length` bytes of keystream. The kernel wipes what it uses. */
  protected keystream(length: number): number {
    if (this.#freed) throw new InternalError('the crypto of a connection used after free()')
    if (length <= this.#ahead) {
      const at = this.#aheadAt()
      this.#ahead -= length
      return at
    }
    return this.#makeKeystream(length)
  }

  /** Makes `length` bytes of keystream, unused ones first. @returns their address */
  #makeKeystream(length: number): number {
    const [at, left, had] = [this.#keystreamAt, this.#aheadAt(), this.#ahead]
    kernelBytes().copyWithin(at, left, left + had)
    const missing = length - had
    if (!this.#cipher && this.#blocks * BLOCK_BYTES + missing <= QUIET_BYTES) this.#makeInKernel(at + had, missing)
    else this.#makeByCipher(at + had, missing)
    return at
  }

  /** Computes keystream by the kernel, and keeps the unused part of the last block. */
  #makeInKernel(at: number, length: number): void {
    const count = Math.ceil(length / BLOCK_BYTES)
    kernel.makeKeystream(this.state, at, this.#blocks, count)
    this.#blocks += count
    this.#ahead = count * BLOCK_BYTES - length
    kernelBytes().copyWithin(this.#aheadAt(), at + length, at + length + this.#ahead)
    kernelBytes().fill(0, at + length, at + length + this.#ahead)
  }

  /** Computes as much keystream ahead as the state holds. */
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

/** Counter block of AES-CTR with a zero IV, big-endian. */
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

  /** Encrypts a header of 16 bytes and writes its MAC behind it. */
  head(at: number): void {
    kernel.sealHead(this.state, at, this.keystream(HEADER_BYTES))
  }

  /** Encrypts the next `length` bytes of a body. */
  body(at: number, length: number): void {
    kernel.sealBody(this.state, at, length, this.keystream(length))
  }

  /** Ends the body and writes its MAC. */
  end(at: number): void {
    kernel.sealEnd(this.state, at)
  }
}

/** Checks MACs and decrypts frames. */
export class FrameOpener extends FrameCrypto {
  constructor(secrets: FrameSecrets) {
    super(INBOUND_WINDOW, secrets)
  }

  /** Decrypts a header of 16 bytes. @returns false, with nothing decrypted, if the MAC behind it is wrong */
  head(at: number): boolean {
    return kernel.openHead(this.state, at, this.keystream(HEADER_BYTES)) !== 0
  }

  /** Decrypts the next `length` bytes of a body, which are not authenticated before {@link end}. */
  body(at: number, length: number): void {
    kernel.openBody(this.state, at, length, this.keystream(length))
  }

  /** Ends the body. @returns true if the MAC at `at` is right */
  end(at: number): boolean {
    return kernel.openEnd(this.state, at) !== 0
  }
}
