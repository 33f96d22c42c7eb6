/**
 * Who may become a peer: plain decisions, asked twice. Once when the identity is known, and again when the protocols
 * are, because others were let in meanwhile.
 * @module
 */
import { type PeerloomError, ProtocolError } from '../base/errors.ts'
import { DisconnectReason, disconnectText } from './disconnect.ts'
import type { ConnectionFlags } from './server-peer.ts'

export interface AdmissionState {
  /** Whether this node is a peer already. */
  readonly connected: boolean
  readonly self: boolean
  readonly peers: number
  readonly maxPeers: number
  readonly inboundPeers: number
  readonly maxInbound: number
}

/** Checkpoint 1, in go-ethereum's order: too many peers, inbound slots, already connected, self. */
export function refuseIdentity(flags: ConnectionFlags, state: AdmissionState): PeerloomError | undefined {
  if (!flags.trusted && state.peers >= state.maxPeers) return refusal(DisconnectReason.TooManyPeers)
  if (!flags.trusted && flags.inbound && state.inboundPeers >= state.maxInbound) {
    return refusal(DisconnectReason.TooManyPeers)
  }
  if (state.connected) return refusal(DisconnectReason.AlreadyConnected)
  if (state.self) return refusal(DisconnectReason.Self)
  return undefined
}

/** Checkpoint 2: something to talk about, then checkpoint 1 again. */
export function refusePeer(shared: number, flags: ConnectionFlags, state: AdmissionState): PeerloomError | undefined {
  if (shared === 0) return refusal(DisconnectReason.UselessPeer)
  return refuseIdentity(flags, state)
}

function refusal(reason: number): PeerloomError {
  return new ProtocolError('ERR_REFUSED', disconnectText(reason), { disconnectReason: reason, penalty: 0 })
}
