import { expect, test } from 'vitest'
import { kernelBytes, StatePool } from './kernel.ts'

test('kernel states do not overlap, are zeroed when taken, and are wiped when released', () => {
  const pool = new StatePool(100)
  const states = Array.from({ length: 2_000 }, () => pool.take())
  for (const state of states) {
    expect(kernelBytes().subarray(state, state + 100)).toEqual(new Uint8Array(100))
    kernelBytes().fill(0xff, state, state + 100)
  }
  const [first] = states
  pool.giveBack(first!)
  expect(pool.take()).toBe(first)
  expect(kernelBytes().subarray(first!, first! + 100)).toEqual(new Uint8Array(100))
  for (const state of states) pool.giveBack(state)
})

test('kernel states beyond 128 MiB are refused until some are released', () => {
  const pool = new StatePool(60_000)
  const states: number[] = []
  const refused = expect.objectContaining({ code: 'ERR_INTERNAL' })
  expect(() => {
    for (;;) states.push(pool.take())
  }).toThrow(refused)
  expect(kernelBytes().length).toBe(128 * 1024 * 1024)
  expect(() => pool.take()).toThrow(refused)
  pool.giveBack(states.pop()!)
  states.push(pool.take())
  for (const state of states) pool.giveBack(state)
})
