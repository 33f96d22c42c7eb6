import { expect, test } from 'vitest'
import { MAX_ABANDONED, MAX_OUTSTANDING, RequestIds, RequestMeter } from './requests.ts'

test('request ids start anywhere, count up, and wrap to 0 after 64 bits', () => {
  expect(new RequestIds(() => 0).open()).toBe(0n)
  const ids = new RequestIds(() => 1 - 2 ** -32)
  expect([ids.open(), ids.open(), ids.open()]).toEqual([2n ** 64n - 1n, 0n, 1n])
  expect(new RequestIds(() => 0.5).open()).toBe(((2n ** 31n) << 32n) | (2n ** 31n))
})

test('a response is accepted late once, for the message its request asked for, and never otherwise', () => {
  const ids = new RequestIds(() => 0)
  const id = ids.open()
  const unrequested = expect.objectContaining({ code: 'ERR_ETH_UNREQUESTED' })
  expect(() => ids.takeLate(id, 'Receipts')).toThrow(unrequested)
  ids.abandon(id, 'Receipts')
  expect(() => ids.takeLate(id, 'BlockBodies')).toThrow(unrequested)
  ids.takeLate(id, 'Receipts')
  expect(ids.late).toBe(1)
  expect(() => ids.takeLate(id, 'Receipts')).toThrow(unrequested)
})

test('requests in flight and abandoned requests are both bounded', () => {
  const ids = new RequestIds(() => 0)
  for (let i = 0; i < MAX_OUTSTANDING; i++) ids.open()
  expect(() => ids.open()).toThrow(expect.objectContaining({ code: 'ERR_ETH_TOO_MANY_REQUESTS' }))
  ids.close(0n)
  expect(ids.open()).toBe(BigInt(MAX_OUTSTANDING))
  for (let i = 0n; i <= MAX_ABANDONED; i++) ids.abandon(i, 'Receipts')
  expect(() => ids.takeLate(0n, 'Receipts')).toThrow(expect.objectContaining({ code: 'ERR_ETH_UNREQUESTED' }))
  ids.takeLate(1n, 'Receipts')
})

test('a request meter takes the first response as it is and smooths the ones after it', () => {
  const meter = new RequestMeter()
  expect(meter).toMatchObject({ rtt: undefined, throughput: 0 })
  meter.answered(100, 1_000)
  expect(meter).toMatchObject({ answers: 1, items: 100, rtt: 1_000, throughput: 100 })
  meter.answered(300, 2_000)
  expect(meter).toMatchObject({ answers: 2, items: 400, rtt: 1_100, throughput: 105 })
  meter.answered(0, 0)
  expect(meter.throughput).toBeCloseTo(94.5)
})
