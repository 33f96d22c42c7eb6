import { describe, expect, test } from 'vitest'
import { TimeoutError } from '../../base/errors.ts'
import { FakeClock } from '../../testing/index.ts'
import { PendingCalls } from './pending.ts'

const TIMEOUT = 1_000

function open() {
  const clock = new FakeClock()
  return { clock, pending: new PendingCalls(clock, TIMEOUT) }
}

function response(id: number) {
  return { kind: 'response', id, result: id, error: undefined } as const
}

describe('PendingCalls', () => {
  test('pending calls get the response with their id, in any order', async () => {
    const { pending } = open()
    const ids = Array.from({ length: 1_000 }, () => pending.nextId())
    const results = ids.map((id) => pending.add<number>(id, 'test'))
    expect(pending.size).toBe(1_000)
    for (const id of ids.toReversed()) expect(pending.settle(response(id))).toBe(true)
    expect(await Promise.all(results)).toEqual(ids)
    expect(pending.size).toBe(0)
  })

  test('a pending call keeps its slot while many others come and go', async () => {
    const { pending } = open()
    const slow = pending.nextId()
    const result = pending.add<number>(slow, 'slow')
    for (let n = 0; n < 10_000; n++) {
      const batch = Array.from({ length: 1 + (n % 7) }, () => pending.nextId())
      expect(batch).not.toContain(slow)
      const results = batch.map((id) => pending.add<number>(id, 'fast'))
      for (const id of batch) pending.settle(response(id))
      await Promise.all(results)
    }
    expect(pending.size).toBe(1)
    pending.settle(response(slow))
    expect(await result).toBe(slow)
  })

  test('a response with an unknown id settles no pending call', () => {
    const { pending } = open()
    const id = pending.nextId()
    void pending.add(id, 'test')
    for (const other of [id + 64, id + 2 ** 32, id + 0.5, -id, Number.NaN]) {
      expect(pending.settle(response(other))).toBe(false)
    }
    expect(pending.settle({ ...response(id), id: String(id) as never })).toBe(false)
    expect(pending.settle(response(id))).toBe(true)
    expect(pending.settle(response(id))).toBe(false)
  })

  test('pending calls reject after their own timeout, and one timer serves those with the default', async () => {
    const { clock, pending } = open()
    const add = (options?: { readonly timeout: number }) => {
      const over = pending.add(pending.nextId(), 'test', options).catch((error: unknown) => error)
      return over.then((error) => ({ at: clock.now(), timedOut: error instanceof TimeoutError }))
    }
    const first = add()
    await clock.advance(400)
    const second = add()
    expect(clock.pending).toBe(1)
    const short = add({ timeout: 100 })
    const never = add({ timeout: Number.POSITIVE_INFINITY })
    await clock.advance(5_000)
    expect(await Promise.all([first, second, short])).toEqual([1_000, 1_400, 500].map((at) => ({ at, timedOut: true })))
    expect(pending.size).toBe(1)
    pending.failAll(new TypeError('gone'))
    expect(await never).toMatchObject({ timedOut: false })
    expect(clock.pending).toBe(0)
  })
})
