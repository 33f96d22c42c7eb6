import { expect, test } from 'vitest'
import { deferred } from './deferred.ts'
import { Semaphore } from './semaphore.ts'

test('a semaphore lets as many calls work as it has permits, and the others in order', async () => {
  const semaphore = new Semaphore(2, 10)
  const log: string[] = []
  const ends = new Map(['a', 'b', 'c', 'd'].map((name) => [name, deferred()]))
  const all = [...ends].map(([name, end]) =>
    semaphore.run(async () => {
      log.push(name)
      await end.promise
      return name
    }),
  )
  await Promise.resolve()
  expect(log).toEqual(['a', 'b'])
  ends.get('b')?.resolve()
  await all[1]
  await Promise.resolve()
  expect(log).toEqual(['a', 'b', 'c'])
  for (const end of ends.values()) end.resolve()
  expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd'])
})

test('a call that is aborted leaves the queue of a semaphore, and one that fails passes its permit on', async () => {
  const semaphore = new Semaphore(1, 2)
  const first = deferred()
  const failing = semaphore.run(async () => {
    await first.promise
    throw new Error('failed')
  })
  const abort = new AbortController()
  const given = semaphore.run(() => Promise.resolve('given'), abort.signal)
  const last = semaphore.run(() => Promise.resolve('last'))
  expect(semaphore.full).toBe(true)
  abort.abort(new Error('enough'))
  expect(semaphore.full).toBe(false)
  await expect(given).rejects.toThrow('enough')
  await expect(semaphore.run(() => Promise.resolve(), abort.signal)).rejects.toThrow('enough')
  first.resolve()
  await expect(failing).rejects.toThrow('failed')
  expect(await last).toBe('last')
  expect(semaphore.full).toBe(false)
})
