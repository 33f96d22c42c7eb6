import { bytesTo0x } from '../../base/bytes.ts'
import { PeerloomError } from '../../base/errors.ts'

/** Makes the error of a target that does not descend from this genesis block. */
export function wrongChain(target: Uint8Array): PeerloomError {
  return new PeerloomError('ERR_SYNC_WRONG_CHAIN', `${bytesTo0x(target)} is not on the chain of this genesis block`)
}

/** Makes the error of a chain with a header that breaks a rule; `cause` names it. */
export function invalidChain(target: Uint8Array, cause: unknown): PeerloomError {
  return new PeerloomError('ERR_SYNC_INVALID_CHAIN', `the chain of ${bytesTo0x(target)} breaks the rules`, { cause })
}

/** Makes the error of a sync that was disposed. */
export function syncClosed(): PeerloomError {
  return new PeerloomError('ERR_SYNC_CLOSED', 'the sync has been closed')
}
