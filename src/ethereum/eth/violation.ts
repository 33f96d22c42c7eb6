import { type ErrorCode, ProtocolError, type ProtocolErrorOptions } from '../../base/errors.ts'
import { DisconnectReason } from '../../devp2p/index.ts'

/** What the remote did against the rules of eth: costs it the connection. */
export function violation(code: ErrorCode, message: string, options: ProtocolErrorOptions = {}): ProtocolError {
  return new ProtocolError(code, message, { disconnectReason: DisconnectReason.SubprotocolError, ...options })
}
