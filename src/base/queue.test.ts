import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Queue } from './queue.ts'

const DONE = { value: undefined, done: true }

test('items leave a queue in order, to a reader that waits and to one that comes later', async () => {
  const queue = new Queue<number>({ highWaterBytes: 100 })
  const waiting = queue.next()
  queue.push(1)
  queue.push(2)
  expect(await waiting).toEqual({ value: 1, done: false })
  expect(queue.length).toBe(1)
  expect(await queue.next()).toEqual({ value: 2, done: false })
  expect(queue.shift()).toBeUndefined()
})

test('push returns false from the budget on, and onDrain is called once when half of it is free', () => {
  let drains = 0
  const queue = new Queue<number>({ highWaterBytes: 100, onDrain: () => drains++ })
  expect(queue.push(1, 60)).toBe(true)
  expect(queue.push(2, 40)).toBe(false)
  expect(queue.push(3, 30)).toBe(false)
  expect(queue.bytes).toBe(130)
  queue.shift()
  expect(drains).toBe(0)
  expect(queue.push(4, 1)).toBe(false)
  queue.shift()
  expect(drains).toBe(1)
  queue.shift()
  queue.shift()
  expect(drains).toBe(1)
  expect(queue.bytes).toBe(0)
  expect(queue.push(5, 99)).toBe(true)
})

test('an item larger than the whole budget is taken, and onDrain follows when it is read', () => {
  let drains = 0
  const queue = new Queue<number>({ highWaterBytes: 10, onDrain: () => drains++ })
  expect(queue.push(1, 1_000)).toBe(false)
  queue.shift()
  expect(drains).toBe(1)
})

test('a reader that waits takes an item without it counting against the budget', async () => {
  const queue = new Queue<number>({ highWaterBytes: 10 })
  const waiting = queue.next()
  expect(queue.push(1, 1_000)).toBe(true)
  expect(queue.bytes).toBe(0)
  await waiting
})

test('onDrain may push', () => {
  const queue: Queue<number> = new Queue<number>({ highWaterBytes: 2, onDrain: () => void queue.push(9) })
  queue.push(1)
  queue.push(2)
  queue.shift()
  queue.shift()
  expect(queue.shift()).toBe(9)
  expect(queue.length).toBe(0)
})

test('a second reader of a queue is refused, and the first keeps its place', async () => {
  const queue = new Queue<number>({ highWaterBytes: 100 })
  const first = queue.next()
  await expect(queue.next()).rejects.toMatchObject({ code: 'ERR_INTERNAL' })
  queue.push(1)
  expect(await first).toEqual({ value: 1, done: false })
})

test('an aborted take rejects with the reason of its signal and loses no item', async () => {
  const queue = new Queue<number>({ highWaterBytes: 100 })
  const abort = new AbortController()
  const waiting = queue.next({ signal: abort.signal })
  const reason = new Error('enough')
  abort.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  queue.push(1)
  expect(await queue.next()).toEqual({ value: 1, done: false })
})

test('a signal that aborts after its item came changes nothing', async () => {
  const queue = new Queue<number>({ highWaterBytes: 100 })
  const abort = new AbortController()
  const waiting = queue.next({ signal: abort.signal })
  queue.push(1)
  const next = queue.next()
  abort.abort()
  queue.push(2)
  expect(await waiting).toEqual({ value: 1, done: false })
  expect(await next).toEqual({ value: 2, done: false })
})

test('take with a signal that has aborted rejects at once', async () => {
  const queue = new Queue<number>({ highWaterBytes: 100 })
  await expect(queue.next({ signal: AbortSignal.abort('no') })).rejects.toBe('no')
})

test('items held at the end of a queue are still read, then iteration ends', async () => {
  const queue = new Queue<number>({ highWaterBytes: 100 })
  queue.push(1)
  queue.push(2)
  queue.end()
  queue.push(3)
  const seen: number[] = []
  for await (const item of queue) seen.push(item)
  expect(seen).toEqual([1, 2])
  expect(await queue.next()).toEqual(DONE)
})

test('an error at the end of a queue is thrown after the last item, and again', async () => {
  const queue = new Queue<number>({ highWaterBytes: 100 })
  const error = new Error('gone')
  queue.push(1)
  queue.end(error)
  queue.end()
  expect(await queue.next()).toEqual({ value: 1, done: false })
  await expect(queue.next()).rejects.toBe(error)
  await expect(queue.next()).rejects.toBe(error)
})

test('the end of a queue reaches a reader that waits', async () => {
  const quiet = new Queue<number>({ highWaterBytes: 100 })
  const loud = new Queue<number>({ highWaterBytes: 100 })
  const [a, b] = [quiet.next(), loud.next()]
  quiet.end()
  loud.end('why')
  expect(await a).toEqual(DONE)
  await expect(b).rejects.toBe('why')
})

test('clear drops the items of a queue, also after the end', async () => {
  const queue = new Queue<number>({ highWaterBytes: 100 })
  queue.push(1, 50)
  queue.end()
  queue.clear()
  expect([queue.length, queue.bytes]).toEqual([0, 0])
  expect(await queue.next()).toEqual(DONE)
})

test('leaving a loop over a queue does not end it', async () => {
  const queue = new Queue<number>({ highWaterBytes: 100 })
  queue.push(1)
  queue.push(2)
  for await (const item of queue) if (item === 1) break
  expect(await queue.next()).toEqual({ value: 2, done: false })
})

test('a queue that is never empty keeps its order and its count over many items', () => {
  const queue = new Queue<number>({ highWaterBytes: 1e9 })
  let out = 0
  let inOrder = true
  for (let i = 0; i < 50_000; i++) {
    queue.push(i, 2)
    if (i >= 2_000) inOrder &&= queue.shift() === out++
  }
  expect(inOrder).toBe(true)
  expect([queue.length, queue.bytes]).toEqual([2_000, 4_000])
})

test('no order of pushes and reads loses, doubles or miscounts items, and each stop is followed by onDrain', () => {
  const step = fc.oneof(fc.nat(60), fc.constant('shift' as const))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      let stopped = false
      const queue = new Queue<number>({ highWaterBytes: 100, onDrain: () => (stopped = false) })
      const model: number[] = []
      for (const bytes of steps) {
        if (bytes === 'shift') expect(queue.shift()).toBe(model.shift())
        else {
          model.push(bytes)
          stopped = !queue.push(bytes, bytes)
        }
        const held = model.reduce((sum, n) => sum + n, 0)
        expect([queue.length, queue.bytes]).toEqual([model.length, held])
        if (held >= 100) expect(stopped).toBe(true)
        if (held < 50) expect(stopped).toBe(false)
      }
    }),
  )
})
