import { expect, test } from 'vitest'
import { DisconnectReason, disconnectReasonOf } from '../disconnect.ts'
import { type AdmissionState, refuseIdentity, refusePeer } from './admission.ts'
import type { ConnectionFlags } from './server-peer.ts'

const EMPTY: AdmissionState = {
  connected: false,
  crossed: false,
  self: false,
  banned: false,
  peers: 0,
  maxPeers: 50,
  inboundPeers: 0,
  maxInbound: 34,
}
const INBOUND: ConnectionFlags = { inbound: true, static: false, trusted: false }
const DIALED: ConnectionFlags = { inbound: false, static: false, trusted: false }
const FULL = { peers: 50, inboundPeers: 34 }

function reason(flags: ConnectionFlags, state: Partial<AdmissionState>): number | undefined {
  const refusal = refuseIdentity(flags, { ...EMPTY, ...state })
  return refusal && disconnectReasonOf(refusal)
}

test.each<[string, ConnectionFlags, Partial<AdmissionState>, number | undefined]>([
  ['a free slot', INBOUND, { peers: 49, inboundPeers: 33 }, undefined],
  ['no free slot', INBOUND, FULL, DisconnectReason.TooManyPeers],
  ['no free slot for a node we dialed', DIALED, FULL, DisconnectReason.TooManyPeers],
  ['no free slot for a static node', { ...DIALED, static: true }, FULL, DisconnectReason.TooManyPeers],
  ['no free slot for a trusted node', { ...INBOUND, trusted: true }, FULL, undefined],
  ['no inbound slot', INBOUND, { peers: 34, inboundPeers: 34 }, DisconnectReason.TooManyPeers],
  ['no inbound slot for a node we dialed', DIALED, { peers: 34, inboundPeers: 34 }, undefined],
  ['no slots at all', DIALED, { maxPeers: 0, maxInbound: 0 }, DisconnectReason.TooManyPeers],
  ['a peer already', INBOUND, { connected: true }, DisconnectReason.AlreadyConnected],
  ['a trusted peer already', { ...INBOUND, trusted: true }, { connected: true }, DisconnectReason.AlreadyConnected],
  ['a call that crosses ours, when ours counts', INBOUND, { crossed: true }, DisconnectReason.AlreadyConnected],
  ['our own call, which is under way', DIALED, { crossed: true }, undefined],
  ['a banned node', INBOUND, { ...FULL, banned: true }, DisconnectReason.UselessPeer],
  ['ourselves', INBOUND, { self: true }, DisconnectReason.Self],
  ['ourselves, and trusted', { ...INBOUND, trusted: true }, { self: true }, DisconnectReason.Self],
])('checkpoint 1 decides on %s', (_what, flags, state, expected) => {
  expect(reason(flags, state)).toBe(expected)
})

test('checkpoint 1 checks in the order of go-ethereum: slots, then connected, then self', () => {
  expect(reason(INBOUND, { ...FULL, connected: true, self: true })).toBe(DisconnectReason.TooManyPeers)
  expect(reason(INBOUND, { connected: true, self: true })).toBe(DisconnectReason.AlreadyConnected)
})

test('a refusal has no penalty', () => {
  expect(refuseIdentity(INBOUND, { ...EMPTY, ...FULL })).toMatchObject({ code: 'ERR_REFUSED', penalty: 0 })
})

test('checkpoint 2 refuses a node without a common protocol first, even a trusted one', () => {
  const refusal = refusePeer(0, { ...INBOUND, trusted: true }, { ...EMPTY, ...FULL, connected: true })
  expect(refusal && disconnectReasonOf(refusal)).toBe(DisconnectReason.UselessPeer)
})

test('checkpoint 2 repeats the checks of checkpoint 1, because other peers were added meanwhile', () => {
  const refusal = refusePeer(1, INBOUND, { ...EMPTY, ...FULL })
  expect(refusal && disconnectReasonOf(refusal)).toBe(DisconnectReason.TooManyPeers)
  expect(refusePeer(1, INBOUND, EMPTY)).toBeUndefined()
})

test("checkpoint 2 admits an inbound connection that began before this side's dial", () => {
  expect(refusePeer(1, INBOUND, { ...EMPTY, crossed: true })).toBeUndefined()
})
