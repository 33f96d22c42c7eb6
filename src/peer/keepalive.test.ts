import { expect, test } from 'vitest'
import { channelOf, idle, wire } from '../../test/support/peer-wire.ts'
import { Keepalive, type KeepaliveOptions } from './index.ts'

const PING = 2
const PONG = 3

function kept(options: Omit<KeepaliveOptions, 'ping'>, receiveBudgetBytes = 1024) {
  const control = { frame: (_peer: unknown, key: unknown) => void (key === PONG && keepalive.pong()) }
  const protocol = idle()
  const joined = wire([protocol], { control, receiveBudgetBytes })
  const { peer } = joined
  const keepalive = new Keepalive(peer, { ...options, ping: () => peer.sendControl(PING, Uint8Array.of(0xc0)) })
  const pong = (): boolean => joined.end.write(PONG, Uint8Array.of(0xc0))
  return { ...joined, protocol, keepalive, pong, pings: () => joined.frames.filter(({ key }) => key === PING).length }
}

test('a keepalive without a timeout pings at every interval, answered or not', async () => {
  const { clock, pings, pong, peer } = kept({ interval: 1_000 })
  await clock.advance(999)
  expect(pings()).toBe(0)
  await clock.advance(1)
  expect(pings()).toBe(1)
  pong()
  await clock.advance(3_000)
  expect(pings()).toBe(4)
  expect(peer.signal.aborted).toBe(false)
})

test('roundTrip is the time that the last pong took', async () => {
  const { clock, keepalive, pong } = kept({ interval: 1_000 })
  expect(keepalive.roundTrip).toBeUndefined()
  await clock.advance(1_040)
  pong()
  await clock.advance(1)
  expect(keepalive.roundTrip).toBe(40)
  await clock.advance(1_000)
  pong()
  await clock.advance(0)
  expect(keepalive.roundTrip).toBe(41)
})

test('a pong without a ping is ignored', async () => {
  const { clock, keepalive, pong, pings } = kept({ interval: 1_000, timeout: 500 })
  await clock.advance(500)
  pong()
  await clock.advance(500)
  expect(keepalive.roundTrip).toBeUndefined()
  expect(pings()).toBe(1)
})

test('a missing pong closes the peer after the timeout', async () => {
  const { clock, peer } = kept({ interval: 1_000, timeout: 500 })
  await clock.advance(1_499)
  expect(peer.signal.aborted).toBe(false)
  await clock.advance(1)
  expect((await peer.closed).cause).toMatchObject({ code: 'ERR_TIMEOUT', timeout: 500 })
})

test('a pong in time begins the next interval', async () => {
  const { clock, peer, pong, pings } = kept({ interval: 1_000, timeout: 500 })
  for (let i = 1; i <= 3; i++) {
    await clock.advance(1_000)
    expect(pings()).toBe(i)
    pong()
    await clock.advance(0)
  }
  expect(peer.signal.aborted).toBe(false)
})

test('the deadline of a pong stands still while this side has paused the socket', async () => {
  const { clock, peer, protocol, say, pong } = kept({ interval: 1_000, timeout: 500 })
  await clock.advance(1_000)
  say('bulk', new Uint8Array(2_000))
  await clock.advance(5_000)
  pong()
  expect(peer.signal.aborted).toBe(false)
  await channelOf(peer, protocol).read()
  await clock.advance(400)
  expect(peer.signal.aborted).toBe(false)
  await clock.advance(1_100)
  expect((await peer.closed).cause).toMatchObject({ code: 'ERR_TIMEOUT' })
})

test('a keepalive stops with its peer', async () => {
  const { clock, peer, keepalive, pings } = kept({ interval: 1_000, timeout: 500 })
  await clock.advance(1_000)
  peer.close()
  await peer.closed
  keepalive.pong()
  expect(clock.pending).toBe(0)
  await clock.advance(10_000)
  expect(pings()).toBe(1)
})

test('a keepalive does not begin on a peer that has closed', async () => {
  const { peer, clock } = wire([idle()])
  peer.close()
  await peer.closed
  let pings = 0
  const keepalive = new Keepalive(peer, { interval: 1_000, ping: () => pings++ })
  expect([clock.pending, keepalive.roundTrip]).toEqual([0, undefined])
  await clock.advance(10_000)
  expect(pings).toBe(0)
})
