import { expect, test } from 'vitest'
import { FakeClock } from '../base/clock.ts'
import { type Ban, Bans } from './bans.ts'

const ban = (until: number, parts: Partial<Ban> = {}): Ban => ({ until, reason: 'x', score: 100, count: 1, ...parts })

test('a ban is in force until it ends, and needs no timer', async () => {
  const clock = new FakeClock()
  const bans = new Bans({ clock, maxEntries: 10 })
  bans.set('a', ban(1_000))
  expect([bans.get('a')?.reason, bans.get('b')]).toEqual(['x', undefined])
  await clock.advance(999)
  expect(bans.get('a')).toBeDefined()
  await clock.advance(1)
  expect([bans.get('a'), clock.pending]).toEqual([undefined, 0])
})

test('the count of a ban outlives it by the memory of the list', async () => {
  const clock = new FakeClock()
  const bans = new Bans({ clock, maxEntries: 10, memory: 5_000 })
  bans.set('a', ban(1_000, { count: 3 }))
  await clock.advance(5_999)
  expect(bans.count('a')).toBe(3)
  await clock.advance(1)
  expect(bans.count('a')).toBe(0)
  bans.set('b', ban(10_000))
  expect(Array.from(bans.entries(), ([key]) => key)).toEqual(['b'])
})

test('beyond its limit a list of bans forgets the oldest', () => {
  const bans = new Bans({ clock: new FakeClock(), maxEntries: 2 })
  for (const key of ['a', 'b', 'a', 'c']) bans.set(key, ban(1_000))
  expect(['a', 'b', 'c'].map((key) => bans.get(key) !== undefined)).toEqual([true, false, true])
})

test('bans are lifted by key, and by what they are for; those that have ended do not count as lifted', async () => {
  const clock = new FakeClock()
  const bans = new Bans({ clock, maxEntries: 10, memory: 9_000 })
  bans.set('ended', ban(1, { code: 'ERR_A' }))
  bans.set('a', ban(1_000, { code: 'ERR_A' }))
  bans.set('b', ban(1_000, { code: 'ERR_B' }))
  await clock.advance(1)
  expect(bans.liftWhere(({ code }) => code === 'ERR_A')).toEqual(['a'])
  expect([bans.get('a'), bans.count('ended'), bans.lift('b'), bans.lift('b')]).toEqual([undefined, 0, true, false])
})
