import { hexToBytes } from '../../base/bytes.ts'

export const ZERO_HASH: Uint8Array = new Uint8Array(32)

/** Root of an empty trie: keccak-256 of the empty string's RLP (0x80). */
export const EMPTY_ROOT: Uint8Array = hexToBytes('56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421')

/** `ommersHash` of a block without ommers: keccak-256 of the empty list's RLP (0xc0). */
export const EMPTY_OMMERS_HASH: Uint8Array = hexToBytes(
  '1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347',
)

/** Code hash of an account without code: keccak-256 of no bytes. */
export const EMPTY_CODE_HASH: Uint8Array = hexToBytes(
  'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
)
