import { expect, test } from 'vitest'
import { FakeClock } from '../base/clock.ts'
import { MAX_SCORE, SCORE_HALF_LIFE, Scores } from './scores.ts'

test('a score adds penalties, up to 100', () => {
  const scores = new Scores({ clock: new FakeClock() })
  expect([scores.of('a'), scores.add('a', 20), scores.add('a', 30), scores.of('a'), scores.of('b')]).toEqual([
    0, 20, 50, 50, 0,
  ])
  expect([scores.add('a', 70), scores.of('a')]).toEqual([MAX_SCORE, MAX_SCORE])
})

test('a score halves in every half-life, and is forgotten below 1', async () => {
  const clock = new FakeClock()
  const scores = new Scores({ clock })
  scores.add('a', 80)
  await clock.advance(SCORE_HALF_LIFE)
  expect(scores.of('a')).toBeCloseTo(40)
  expect(scores.add('a', 40)).toBeCloseTo(80)
  await clock.advance(5 * SCORE_HALF_LIFE)
  expect(scores.of('a')).toBeCloseTo(2.5)
  await clock.advance(2 * SCORE_HALF_LIFE)
  expect(scores.of('a')).toBe(0)
  expect(clock.pending).toBe(0)
})

test('penalties of 20 ban within an hour when they come every 15 minutes, and never when they come once a day', async () => {
  const clock = new FakeClock()
  const scores = new Scores({ clock })
  const every = async (id: string, interval: number, times: number): Promise<number> => {
    let highest = 0
    for (let i = 0; i < times; i++) {
      highest = Math.max(highest, scores.add(id, 20))
      await clock.advance(interval)
    }
    return highest
  }
  expect(await every('often', 15 * 60_000, 20)).toBe(MAX_SCORE)
  expect(await every('seldom', 24 * SCORE_HALF_LIFE, 20)).toBeLessThan(21)
})

test('beyond its limit a list of scores forgets the nodes without a fault for the longest time', () => {
  const scores = new Scores({ clock: new FakeClock(), maxEntries: 3 })
  for (const id of ['a', 'b', 'c', 'a', 'd']) scores.add(id, 10)
  expect(['a', 'b', 'c', 'd'].map((id) => scores.of(id))).toEqual([20, 0, 10, 10])
})

test('scores that have decayed take no room', async () => {
  const clock = new FakeClock()
  const scores = new Scores({ clock })
  for (let i = 0; i < 100; i++) scores.add(`old ${i}`, 100)
  await clock.advance(7 * SCORE_HALF_LIFE)
  scores.add('new', 10)
  expect([...scores.entries()]).toEqual([['new', 10, 0]])
})

test('a restored score has decayed by its age', () => {
  const clock = new FakeClock()
  const scores = new Scores({ clock })
  scores.restore('a', 80, SCORE_HALF_LIFE)
  scores.restore('b', 80, 10 * SCORE_HALF_LIFE)
  expect(scores.of('a')).toBeCloseTo(40)
  expect([...scores.entries()].map(([id]) => id)).toEqual(['a'])
})
