import { describe, expect, test } from 'vitest'
import { TimeoutError } from '../../base/errors.ts'
import { FakeClock } from '../../testing/index.ts'
import { PendingCalls } from './pending.ts'

const TIMEOUT = 1_000

function open() {
  const clock = new FakeClock()
  return { clock, pending: new PendingCalls(clock, TIMEOUT) }
}

function answer(id: number) {
  return { kind: 'response', id, result: id, error: undefined } as const
}

describe('calls that wait', () => {
  test('get the answer with their id, in whatever order it comes', async () => {
    const { pending } = open()
    const ids = Array.from({ length: 1_000 }, () => pending.nextId())
    const results = ids.map((id) => pending.add<number>(id, 'test'))
    expect(pending.size).toBe(1_000)
    for (const id of ids.toReversed()) expect(pending.settle(answer(id))).toBe(true)
    expect(await Promise.all(results)).toEqual(ids)
    expect(pending.size).toBe(0)
  })

  test('keep their place while a great many others come and go', async () => {
    const { pending } = open()
    const slow = pending.nextId()
    const result = pending.add<number>(slow, 'slow')
    for (let n = 0; n < 10_000; n++) {
      const batch = Array.from({ length: 1 + (n % 7) }, () => pending.nextId())
      expect(batch).not.toContain(slow)
      const results = batch.map((id) => pending.add<number>(id, 'fast'))
      for (const id of batch) pending.settle(answer(id))
      await Promise.all(results)
    }
    expect(pending.size).toBe(1)
    pending.settle(answer(slow))
    expect(await result).toBe(slow)
  })

  test('take no notice of an answer to nothing', () => {
    const { pending } = open()
    const id = pending.nextId()
    void pending.add(id, 'test')
    for (const other of [id + 64, id + 2 ** 32, id + 0.5, -id, Number.NaN]) {
      expect(pending.settle(answer(other))).toBe(false)
    }
    expect(pending.settle({ ...answer(id), id: String(id) as never })).toBe(false)
    expect(pending.settle(answer(id))).toBe(true)
    expect(pending.settle(answer(id))).toBe(false)
  })

  test('are over after their time, each after its own, and one timer does for those with the usual one', async () => {
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
