import { bytesTo0x } from '../../base/bytes.ts'
import { PeerloomError } from '../../base/errors.ts'

/** The target does not descend from our genesis block. */
export function wrongChain(target: Uint8Array): PeerloomError {
  return new PeerloomError('ERR_SYNC_WRONG_CHAIN', `${bytesTo0x(target)} is not on the chain of our genesis block`)
}

/** A header on the way to the target breaks the chain's rules; `cause` says which. */
export function invalidChain(target: Uint8Array, cause: unknown): PeerloomError {
  return new PeerloomError('ERR_SYNC_INVALID_CHAIN', `the chain of ${bytesTo0x(target)} breaks the rules`, { cause })
}

/** The sync was disposed of. */
export function syncClosed(): PeerloomError {
  return new PeerloomError('ERR_SYNC_CLOSED', 'the sync has been closed')
}
