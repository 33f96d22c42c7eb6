import { expect, it } from 'vitest'
import { MAX_GIVEN_UP, MAX_OUTSTANDING, RequestIds } from './request-ids.ts'

it('ids begin anywhere, count up, and begin again at 0 after 64 bits', () => {
  expect(new RequestIds(() => 0).open()).toBe(0n)
  const ids = new RequestIds(() => 1 - 2 ** -32)
  expect([ids.open(), ids.open(), ids.open()]).toEqual([2n ** 64n - 1n, 0n, 1n])
  expect(new RequestIds(() => 0.5).open()).toBe(((2n ** 31n) << 32n) | (2n ** 31n))
})

it('an answer is late once, for the message it was asked as, and never otherwise', () => {
  const ids = new RequestIds(() => 0)
  const id = ids.open()
  const unrequested = expect.objectContaining({ code: 'ERR_ETH_UNREQUESTED' })
  expect(() => ids.takeLate(id, 'Receipts')).toThrow(unrequested)
  ids.giveUp(id, 'Receipts')
  expect(() => ids.takeLate(id, 'BlockBodies')).toThrow(unrequested)
  ids.takeLate(id, 'Receipts')
  expect(ids.late).toBe(1)
  expect(() => ids.takeLate(id, 'Receipts')).toThrow(unrequested)
})

it('both what is outstanding and what was given up are bounded', () => {
  const ids = new RequestIds(() => 0)
  for (let i = 0; i < MAX_OUTSTANDING; i++) ids.open()
  expect(() => ids.open()).toThrow(expect.objectContaining({ code: 'ERR_ETH_TOO_MANY_REQUESTS' }))
  ids.close(0n)
  expect(ids.open()).toBe(BigInt(MAX_OUTSTANDING))
  for (let i = 0n; i <= MAX_GIVEN_UP; i++) ids.giveUp(i, 'Receipts')
  expect(() => ids.takeLate(0n, 'Receipts')).toThrow(expect.objectContaining({ code: 'ERR_ETH_UNREQUESTED' }))
  ids.takeLate(1n, 'Receipts')
})
