import { type ErrorCode, ProtocolError, type ProtocolErrorOptions } from '../../base/errors.ts'

/** Disconnect reasons of devp2p that eth uses. Source: devp2p rlpx.md, go-ethereum p2p/peer_error.go. */
export const READ_TIMEOUT = 0x0b
export const SUBPROTOCOL_ERROR = 0x10

/** What the remote did against the rules of eth: costs it the connection. */
export function violation(code: ErrorCode, message: string, options: ProtocolErrorOptions = {}): ProtocolError {
  return new ProtocolError(code, message, { disconnectReason: SUBPROTOCOL_ERROR, ...options })
}
