/**
 * Sizes and message ids of RLPx frames, for both directions. `frame-writer.ts` and `frame-reader.ts` use them; the
 * crypto is in `crypto/frame-crypto.ts`.
 *
 *     header (16) = size (3) ‖ c2 80 80 ‖ zeros      header MAC (16)
 *     body, zero-padded to 16                        body MAC (16)
 *
 * @see https://github.com/ethereum/devp2p/blob/master/rlpx.md#framing
 * @module
 */
import { CodecError } from '../../base/errors.ts'

/** Largest size that fits a frame's 3 bytes for it; also the limit of a message before and after compression. */
export const MAX_MESSAGE_BYTES: number = 2 ** 24 - 1
export const HEADER_BYTES = 16
export const MAC_BYTES = 16
/** Header and header MAC, which have to be there before a frame's size is known. */
export const HEAD_BYTES: number = HEADER_BYTES + MAC_BYTES
/** Largest message id: capability offsets add up to a few hundred at most. */
export const MAX_MESSAGE_CODE = 0xffff

/** Bytes of a body on the wire, without its MAC. */
export function paddedBytes(size: number): number {
  return (size + 15) & ~15
}

/** Bytes of the message id at the front of a body: an RLP integer. */
export function codeBytes(code: number): number {
  return code < 0x80 ? 1 : code < 0x100 ? 2 : 3
}

/** Writes a message id and returns the position after it. `code` is 0 to {@link MAX_MESSAGE_CODE}. */
export function writeCode(code: number, out: Uint8Array, at: number): number {
  if (code === 0) out[at++] = 0x80
  else if (code < 0x80) out[at++] = code
  else {
    out[at++] = code < 0x100 ? 0x81 : 0x82
    if (code >= 0x100) out[at++] = code >> 8
    out[at++] = code & 0xff
  }
  return at
}

/** Reads the message id at `at`; throws `ERR_RLPX_MESSAGE_ID` when it is not canonical, too large or cut off. */
export function readCode(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] as number
  if (first === 0x80) return 0
  if (first > 0 && first < 0x80) return first
  const length = first - 0x80
  const code = length === 1 ? (bytes[at + 1] as number) : ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number)
  const lowest = length === 1 ? 0x80 : 0x100
  if (length < 1 || length > 2 || at + 1 + length > end || code < lowest) {
    throw new CodecError('ERR_RLPX_MESSAGE_ID', 'a frame does not begin with a message id')
  }
  return code
}

/** The error of a message of this side that is too large to be sent: no penalty for the remote. */
export function tooLarge(bytes: number): CodecError {
  const message = `a message of ${bytes} bytes, at most ${MAX_MESSAGE_BYTES} fit a frame`
  return new CodecError('ERR_RLPX_TOO_LARGE', message, 0, { penalty: 0 })
}
