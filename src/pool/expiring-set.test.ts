import { expect, test } from 'vitest'
import { FakeClock } from '../base/clock.ts'
import { ExpiringSet } from './expiring-set.ts'

test('an expiring set holds a key for its lifetime and no longer', async () => {
  const clock = new FakeClock()
  const set = new ExpiringSet({ clock, lifetime: 1_000 })
  set.add('a')
  await clock.advance(999)
  expect(set.has('a')).toBe(true)
  await clock.advance(1)
  expect([set.has('a'), set.size]).toEqual([false, 0])
})

test('adding a key to an expiring set again restarts its lifetime and keeps the order of expiry', async () => {
  const clock = new FakeClock()
  const set = new ExpiringSet({ clock, lifetime: 1_000 })
  set.add('a')
  await clock.advance(500)
  set.add('b')
  await clock.advance(100)
  set.add('a')
  await clock.advance(900)
  expect([set.has('a'), set.has('b'), set.size]).toEqual([true, false, 1])
  await clock.advance(100)
  expect(set.size).toBe(0)
})

test('an expiring set drops the oldest keys beyond its limit', () => {
  const set = new ExpiringSet({ clock: new FakeClock(), lifetime: 1_000, maxEntries: 3 })
  for (const key of ['a', 'b', 'c', 'a', 'd']) set.add(key)
  expect(['a', 'b', 'c', 'd'].filter((key) => set.has(key))).toEqual(['a', 'c', 'd'])
})

test('an expiring set needs no timer', () => {
  const clock = new FakeClock()
  new ExpiringSet({ clock, lifetime: 1_000 }).add('a')
  expect(clock.pending).toBe(0)
})
