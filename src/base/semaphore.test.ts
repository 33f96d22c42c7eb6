import { expect, test } from 'vitest'
import { deferred } from './deferred.ts'
import { Gate } from './semaphore.ts'

test('so many work at a time, and the others have their turn in order', async () => {
  const gate = new Gate(2, 10)
  const log: string[] = []
  const ends = new Map(['a', 'b', 'c', 'd'].map((name) => [name, deferred()]))
  const all = [...ends].map(([name, end]) =>
    gate.run(async () => {
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

test('who gives up waiting is not waited for, and one that fails lets the next in', async () => {
  const gate = new Gate(1, 2)
  const first = deferred()
  const failing = gate.run(async () => {
    await first.promise
    throw new Error('failed')
  })
  const abort = new AbortController()
  const given = gate.run(() => Promise.resolve('given'), abort.signal)
  const last = gate.run(() => Promise.resolve('last'))
  expect(gate.full).toBe(true)
  abort.abort(new Error('enough'))
  expect(gate.full).toBe(false)
  await expect(given).rejects.toThrow('enough')
  await expect(gate.run(() => Promise.resolve(), abort.signal)).rejects.toThrow('enough')
  first.resolve()
  await expect(failing).rejects.toThrow('failed')
  expect(await last).toBe('last')
  expect(gate.full).toBe(false)
})
