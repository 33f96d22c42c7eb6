/**
 * Who may become a peer: plain decisions, asked twice. Once when the identity is known, and again when the protocols
 * are, because others were let in meanwhile.
 * @module
 */
import { type PeerloomError, ProtocolError } from '../../base/errors.ts'
import { DisconnectReason, disconnectText } from '../disconnect.ts'
import type { ConnectionFlags } from './server-peer.ts'

export interface AdmissionState {
  /** Whether this node is a peer already. */
  readonly connected: boolean
  /** Whether a call of ours to this node is under way that counts more than one of its own. @default false */
  readonly crossed?: boolean
  readonly self: boolean
  /** True for a node that is banned and neither static nor trusted. @default false */
  readonly banned?: boolean
  readonly peers: number
  readonly maxPeers: number
  readonly inboundPeers: number
  readonly maxInbound: number
}

/**
 * Checkpoint 1: go-ethereum's reasons, then which of two calls survives when two nodes call each other at once. Each
 * would refuse the other's as a duplicate and both be left without; the call of the smaller id is the one that counts.
 */
export function refuseIdentity(flags: ConnectionFlags, state: AdmissionState): PeerloomError | undefined {
  return (
    refuseState(flags, state) ??
    (flags.inbound && state.crossed ? refusal(DisconnectReason.AlreadyConnected) : undefined)
  )
}

/** Checkpoint 2: something to talk about, then go-ethereum's reasons again. */
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
