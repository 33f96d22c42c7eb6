/**
 * Admission of peers: plain decisions at two checkpoints. Checkpoint 1 is asked when the identity is known, checkpoint 2
 * when the protocols are, because other peers may have been admitted meanwhile.
 * @module
 */
import { type PeerloomError, ProtocolError } from '../../base/errors.ts'
import { DisconnectReason, disconnectText } from '../disconnect.ts'
import type { ConnectionFlags } from './server-peer.ts'

export interface AdmissionState {
  /** True if this node is a peer already. */
  readonly connected: boolean
  /** True if a dial to this node is in progress that has priority over an inbound connection of it. */
  readonly crossed: boolean
  readonly self: boolean
  /** True for a node that is banned and neither static nor trusted. */
  readonly banned: boolean
  readonly peers: number
  readonly maxPeers: number
  readonly inboundPeers: number
  readonly maxInbound: number
}

/**
 * Checkpoint 1: the checks of {@link refuseState}, then the tie-break of two nodes that dial each other at once. Each would
 * refuse the other as a duplicate, and both connections be lost; the dial of the smaller id has priority.
 * @returns the error to refuse with, or undefined
 */
export function refuseIdentity(flags: ConnectionFlags, state: AdmissionState): PeerloomError | undefined {
  return (
    refuseState(flags, state) ??
    (flags.inbound && state.crossed ? refusal(DisconnectReason.AlreadyConnected) : undefined)
  )
}

/** Checkpoint 2: a common protocol, then the checks of {@link refuseState}. @returns the error, or undefined */
export function refusePeer(shared: number, flags: ConnectionFlags, state: AdmissionState): PeerloomError | undefined {
  return shared === 0 ? refusal(DisconnectReason.UselessPeer) : refuseState(flags, state)
}

/** Bans first, then in go-ethereum's order: too many peers, inbound slots, already connected, self. */
function refuseState(flags: ConnectionFlags, state: AdmissionState): PeerloomError | undefined {
  if (state.banned) return refusal(DisconnectReason.UselessPeer, 'banned')
  if (!flags.trusted && state.peers >= state.maxPeers) return refusal(DisconnectReason.TooManyPeers)
  if (!flags.trusted && flags.inbound && state.inboundPeers >= state.maxInbound) {
    return refusal(DisconnectReason.TooManyPeers)
  }
  if (state.connected) return refusal(DisconnectReason.AlreadyConnected)
  if (state.self) return refusal(DisconnectReason.Self)
  return undefined
}

function refusal(reason: number, text = disconnectText(reason)): PeerloomError {
  return new ProtocolError('ERR_REFUSED', text, { disconnectReason: reason, penalty: 0 })
}
