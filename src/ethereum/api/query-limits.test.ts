import { expect, test } from 'vitest'
import { RpcErrorCode } from '../../rpc/index.ts'
import { QueryBudget, SearchLimiter } from './query-limits.ts'

const tooMany = expect.objectContaining({
  errorCode: RpcErrorCode.LimitExceeded,
  message: 'too many searches at a time',
})

test('a search limiter runs 16 searches at a time, queues 256, and refuses more', async () => {
  const limiter = new SearchLimiter()
  let started = 0
  const finish: (() => void)[] = []
  const search = () => {
    started++
    return new Promise<void>((resolve) => finish.push(resolve))
  }
  const accepted = Array.from({ length: 16 + 256 }, () => limiter.run(search))
  expect(started).toBe(16)
  expect(() => limiter.run(search)).toThrow(tooMany)
  finish.shift()!()
  await accepted[0]
  await new Promise(setImmediate)
  expect(started).toBe(17)
  accepted.push(limiter.run(search))
  expect(() => limiter.run(search)).toThrow(tooMany)
  while (finish.length > 0) {
    for (const done of finish.splice(0)) done()
    await new Promise(setImmediate)
  }
  await Promise.all(accepted)
  expect(started).toBe(16 + 256 + 1)
})

test('a queued search is given up when its caller leaves, and makes room for another', async () => {
  const limiter = new SearchLimiter({ maxConcurrent: 1, maxQueued: 1 })
  let finish = (): void => {}
  const running = limiter.run(() => new Promise<void>((resolve) => (finish = resolve)))
  const gone = new AbortController()
  const queued = limiter.run(() => Promise.reject(new Error('must not run')), gone.signal)
  expect(() => limiter.run(() => Promise.resolve())).toThrow(tooMany)
  gone.abort(new Error('gone'))
  await expect(queued).rejects.toThrow('gone')
  const next = limiter.run(() => Promise.resolve(7))
  finish()
  await running
  expect(await next).toBe(7)
})

test('a query budget counts addresses and topics, and has them back when a query is released', () => {
  const budget = new QueryBudget()
  const query = (count: number) => ({
    addresses: Array(count / 2).fill(new Uint8Array(20)),
    topics: [Array(count / 2).fill(new Uint8Array(32))],
  })
  budget.acquire(undefined)
  budget.acquire(query(199_998))
  budget.acquire(query(2))
  const error = expect.objectContaining({ errorCode: RpcErrorCode.LimitExceeded })
  expect(() => budget.acquire(query(2))).toThrow(error)
  budget.release(query(2))
  budget.acquire(query(2))
})
