import { describe, expect, test } from 'vitest'
import { PeerCapacity, RoundTrip } from './capacity.ts'

describe('the capacity of a peer', () => {
  test('the capacity of a peer starts at one item, and grows with what it delivers', () => {
    const capacity = new PeerCapacity(20_000)
    expect(capacity.items('bodies', 18_000)).toBe(1)
    capacity.measured('bodies', 1, 100)
    // A tenth of 10 a second, over 18 seconds, a hundredth more, and one.
    expect(capacity.items('bodies', 18_000)).toBe(19)
    expect(capacity.items('receipts', 18_000)).toBe(1)
  })

  test('the capacity of a peer is reset by a response without items', () => {
    const capacity = new PeerCapacity(20_000)
    capacity.measured('headers', 512, 10)
    capacity.measured('headers', 0, 10)
    expect(capacity.items('headers', 18_000)).toBe(1)
  })

  test('the capacity of a peer follows a round trip by a tenth of each measurement', () => {
    const capacity = new PeerCapacity(20_000)
    capacity.measured('bodies', 1, 10_000)
    expect(capacity.rtt).toBe(19_000)
  })
})

describe('the round trip all requests aim at', () => {
  test('the target round trip is 20 s without measurements, and its deadline a minute', () => {
    const roundTrip = new RoundTrip(0)
    expect(roundTrip.target).toBe(18_000)
    expect(roundTrip.timeout).toBe(60_000)
  })

  test('the target round trip comes down to 2 s with fast peers, once per round trip', () => {
    const roundTrip = new RoundTrip(0)
    for (let now = 0; now < 1_000_000; now += 1_000) roundTrip.tune([5, 10, 20], now)
    expect(roundTrip.target).toBeCloseTo(1_800, 0)
    expect(roundTrip.timeout).toBeCloseTo(6_000, 0)
  })

  test('deadlines grow when a peer joins few others', () => {
    const roundTrip = new RoundTrip(0)
    for (let now = 0; now < 1_000_000; now += 1_000) roundTrip.tune([5], now)
    roundTrip.joined(2)
    expect(roundTrip.timeout).toBeCloseTo(12_000, 0)
  })
})
