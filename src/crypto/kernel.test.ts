import { expect, it } from 'vitest'
import { kernelBytes, StatePool } from './kernel.ts'

it('states do not overlap, are zeros when taken, and are wiped when given back', () => {
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

it('more states than 128 MiB hold are refused, until some are given back', () => {
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
