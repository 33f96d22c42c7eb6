import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { randomBelow, randomBytes, randomKey, restart, SEED } from './support/random.ts'

const whileLoading = randomBytes(8)

test('random draws of tests begin at the seed, in each test and while a file loads', () => {
  expect(randomBytes(8)).toEqual(whileLoading)
  expect(randomBytes(8)).not.toEqual(whileLoading)
})

test('random draws of tests repeat from their seed, and differ between seeds', () => {
  const drawn = [SEED, SEED, SEED + 1].map((seed) => {
    restart(seed)
    return [randomBelow(2 ** 32), randomBytes(33), randomKey()]
  })
  expect(drawn[0]).toEqual(drawn[1])
  expect(drawn[0]).not.toEqual(drawn[2])
})

test('random bytes of tests have the length asked for, in memory of their own, and every value comes up', () => {
  expect([0, 1, 3, 4, 5, 1000].map((length) => randomBytes(length).length)).toEqual([0, 1, 3, 4, 5, 1000])
  expect(randomBytes(3).byteOffset).toBe(0)
  expect(new Set(randomBytes(100_000)).size).toBe(256)
  expect(new Set(Array.from({ length: 1000 }, () => randomBelow(7))).size).toBe(7)
})

test('no support file registers a hook while it loads: files share modules, so that only the first would have it', () => {
  const folder = new URL('./support/', import.meta.url)
  const files = readdirSync(folder).filter((file) => file !== 'setup.ts')
  const hook = /^(?:before|after)(?:Each|All)\(/m
  expect(files.filter((file) => hook.test(readFileSync(new URL(file, folder), 'utf8')))).toEqual([])
  expect(hook.test(readFileSync(new URL('setup.ts', folder), 'utf8'))).toBe(true)
})
