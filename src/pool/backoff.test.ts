import { expect, test } from 'vitest'
import { Backoff } from './backoff.ts'

const delays = (backoff: Backoff, count: number): number[] => Array.from({ length: count }, () => backoff.next())

test('a back-off doubles with every failure up to its limit', () => {
  const backoff = new Backoff({ initial: 1_000, max: 10_000, random: () => 0.5 })
  expect(delays(backoff, 6)).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
})

test('a back-off varies by a quarter either way', () => {
  expect(new Backoff({ initial: 1_000, max: 10_000, random: () => 0 }).next()).toBe(750)
  expect(new Backoff({ initial: 1_000, max: 10_000, random: () => 0.99 }).next()).toBe(1_245)
})

test('a back-off starts over after a reset', () => {
  const backoff = new Backoff({ initial: 1_000, max: 10_000, random: () => 0.5 })
  delays(backoff, 5)
  backoff.reset()
  expect(backoff.next()).toBe(1_000)
})

test('a back-off stays at its limit after any number of failures', () => {
  const backoff = new Backoff({ initial: 1_000, max: 10_000, random: () => 0.5 })
  expect(delays(backoff, 3_000).at(-1)).toBe(10_000)
})
