/**
 * Disconnect reasons and the Disconnect message (devp2p spec, `p2p` capability, 0x01).
 * @module
 */
import { CodecError, PeerClosedError, PeerloomError, ProtocolError, type Side, TimeoutError } from '../base/errors.ts'
import { rlp } from '../codec/index.ts'

/** Wire codes under go-ethereum's names. */
export const DisconnectReason = {
  Requested: 0x00,
  NetworkError: 0x01,
  ProtocolError: 0x02,
  UselessPeer: 0x03,
  TooManyPeers: 0x04,
  AlreadyConnected: 0x05,
  IncompatibleVersion: 0x06,
  InvalidIdentity: 0x07,
  Quitting: 0x08,
  UnexpectedIdentity: 0x09,
  Self: 0x0a,
  ReadTimeout: 0x0b,
  SubprotocolError: 0x10,
} as const

export type DisconnectReason = (typeof DisconnectReason)[keyof typeof DisconnectReason]

const TEXTS: Readonly<Record<number, string>> = {
  [DisconnectReason.Requested]: 'disconnect requested',
  [DisconnectReason.NetworkError]: 'network error',
  [DisconnectReason.ProtocolError]: 'breach of protocol',
  [DisconnectReason.UselessPeer]: 'useless peer',
  [DisconnectReason.TooManyPeers]: 'too many peers',
  [DisconnectReason.AlreadyConnected]: 'already connected',
  [DisconnectReason.IncompatibleVersion]: 'incompatible p2p protocol version',
  [DisconnectReason.InvalidIdentity]: 'invalid node identity',
  [DisconnectReason.Quitting]: 'client quitting',
  [DisconnectReason.UnexpectedIdentity]: 'unexpected identity',
  [DisconnectReason.Self]: 'connected to self',
  [DisconnectReason.ReadTimeout]: 'read timeout',
  [DisconnectReason.SubprotocolError]: 'subprotocol error',
}

/** go-ethereum's text for a code; an unknown code is shown as a number. */
export function disconnectText(reason: number): string {
  return TEXTS[reason] ?? `unknown disconnect reason ${reason}`
}

/** Error of a connection that ended with a Disconnect reason. */
export function disconnected(side: Side, reason: number, options: ErrorOptions = {}): PeerClosedError {
  const text = disconnectText(reason)
  const what = side === 'remote' ? `remote disconnected: ${text}` : text
  return new PeerClosedError(side, what, { ...options, disconnectReason: reason })
}

/** Disconnect reason to send for an error, as go-ethereum maps the error of a protocol's run. */
export function disconnectReasonOf(error: unknown): number {
  if (error instanceof PeerClosedError) {
    if (error.disconnectReason !== undefined) return error.disconnectReason
    return error.cause === undefined ? DisconnectReason.Quitting : disconnectReasonOf(error.cause)
  }
  if (error instanceof ProtocolError && error.disconnectReason !== undefined) return error.disconnectReason
  if (error instanceof CodecError) return DisconnectReason.ProtocolError
  if (error instanceof PeerloomError && PROTOCOL_ERRORS.has(error.code)) return DisconnectReason.ProtocolError
  if (error instanceof TimeoutError) return DisconnectReason.ReadTimeout
  return error instanceof Error ? DisconnectReason.SubprotocolError : DisconnectReason.Requested
}

const PROTOCOL_ERRORS: ReadonlySet<string> = new Set([
  'ERR_UNKNOWN_MESSAGE',
  'ERR_MESSAGE_TOO_BIG',
  'ERR_UNEXPECTED_MESSAGE',
])

const listForm = rlp.struct({ reason: rlp.number }, { extra: 'ignore' })

/** Encodes the list `[reason]`, as the spec has it. */
export function encodeDisconnect(reason: number): Uint8Array {
  return listForm.encode({ reason })
}

/** Decodes the list and the bare number, since nodes send both. Anything else counts as `Requested`. */
export function decodeDisconnect(payload: Uint8Array): number {
  try {
    return (payload[0] ?? 0) >= 0xc0
      ? payload[0] === 0xc0
        ? 0
        : listForm.decode(payload).reason
      : rlp.number.decode(payload)
  } catch {
    return DisconnectReason.Requested
  }
}
