/**
 * Why a devp2p connection ends, as its Disconnect message says it (devp2p spec, `p2p` capability, 0x01).
 * @module
 */
import { CodecError, PeerClosedError, PeerloomError, ProtocolError, type Side, TimeoutError } from '../base/errors.ts'
import { rlp } from '../codec/index.ts'

/** The wire's codes, by go-ethereum's names. */
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

/** go-ethereum's words for a code; an unknown one is shown as it came. */
export function disconnectText(reason: number): string {
  return TEXTS[reason] ?? `unknown disconnect reason ${reason}`
}

/** The end of a connection with a reason of the wire's. */
export function disconnected(side: Side, reason: number, options: ErrorOptions = {}): PeerClosedError {
  const text = disconnectText(reason)
  const what = side === 'remote' ? `remote disconnected: ${text}` : text
  return new PeerClosedError(side, what, { ...options, disconnectReason: reason })
}

/** The code that tells the remote why this side ends the connection, as go-ethereum maps the end of a protocol's run. */
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

/** Always the list `[reason]`, as the spec says. */
export function encodeDisconnect(reason: number): Uint8Array {
  return listForm.encode({ reason })
}

/** Accepts the list and the bare number, both of which are out there. Anything else counts as `Requested`. */
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
