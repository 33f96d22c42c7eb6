/**
 * Violations of eth by a remote, each with its penalty: 0 is no fault, 100 bans the node id at once, a penalty between
 * adds up and decays. No code here has 100: false data is detected where it is checked against a header
 * (`chain/`, `sync/`); a malformed message is a `CodecError`, with a penalty of its own.
 * @module
 */
import { type ErrorCode, ProtocolError, type ProtocolErrorOptions } from '../../base/errors.ts'
import { DisconnectReason } from '../../devp2p/index.ts'

const PENALTIES = {
  /** Another network, genesis or fork is no fault. */
  ERR_ETH_NETWORK_ID: 0,
  ERR_ETH_GENESIS: 0,
  ERR_ETH_FORK_ID: 0,
  /** Messages out of order, or that contradict themselves: a broken or hostile implementation, but no harm is done. */
  ERR_ETH_NO_STATUS: 20,
  ERR_ETH_VERSION: 20,
  ERR_ETH_EXTRA_STATUS: 20,
  ERR_ETH_BLOCK_RANGE: 20,
  /** May be a very late response, if more than MAX_ABANDONED requests were abandoned since. */
  ERR_ETH_UNREQUESTED: 10,
  /** Wasted work. A ban takes several, as no data is proven false. */
  ERR_ETH_TOO_MANY_ITEMS: 20,
  ERR_ETH_EMPTY_RECEIPTS: 20,
  ERR_ETH_RECEIPTS_DRIP: 20,
  /**
   * More than a block can hold by the gas rules known here; a fork with other costs would make honest peers fail it.
   */
  ERR_ETH_RECEIPTS_TOO_BIG: 50,
} as const satisfies Readonly<Record<ErrorCode, number>>

type ViolationCode = keyof typeof PENALTIES

/** Makes the error of a remote that violates eth: it ends the connection. */
export function violation(code: ViolationCode, message: string, options: ProtocolErrorOptions = {}): ProtocolError {
  const penalty = PENALTIES[code]
  return new ProtocolError(code, message, { disconnectReason: DisconnectReason.SubprotocolError, penalty, ...options })
}
