import { type ErrorCode, ProtocolError, type ProtocolErrorOptions } from '../../base/errors.ts'
import { DisconnectReason } from '../../devp2p/index.ts'

/** Makes the error of a remote that breaks the rules of eth: it ends the connection. */
export function violation(code: ErrorCode, message: string, options: ProtocolErrorOptions = {}): ProtocolError {
  return new ProtocolError(code, message, { disconnectReason: DisconnectReason.SubprotocolError, ...options })
}
