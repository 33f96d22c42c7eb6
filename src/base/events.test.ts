import { expect, test } from 'vitest'
import { Events } from './events.ts'

async function drain<E>(events: AsyncIterable<E>): Promise<E[]> {
  const seen: E[] = []
  for await (const event of events) seen.push(event)
  return seen
}

test('every subscriber sees the events from the moment it subscribed', async () => {
  const events = new Events<number>()
  events.emit(0)
  const early = events.subscribe()
  events.emit(1)
  const late = events.subscribe()
  events.emit(2)
  events.close()
  expect(await drain(early)).toEqual([1, 2])
  expect(await drain(late)).toEqual([2])
})

test('a reader that is behind loses the events beyond its buffer, and the loss is counted', async () => {
  const events = new Events<number>()
  const slow = events.subscribe({ buffer: 3 })
  const quick = events.subscribe()
  for (let i = 0; i < 10; i++) events.emit(i)
  expect(slow.dropped).toBe(7)
  expect(quick.dropped).toBe(0)
  expect((await slow.next()).value).toBe(0)
  events.emit(10)
  expect(slow.dropped).toBe(7)
  events.close()
  expect(await drain(slow)).toEqual([1, 2, 10])
})

test('without a buffer of its own a subscription holds 1024 events', () => {
  const events = new Events<number>()
  const subscription = events.subscribe()
  for (let i = 0; i < 1_030; i++) events.emit(i)
  expect(subscription.dropped).toBe(6)
})

test('leaving the loop over events unsubscribes', async () => {
  const events = new Events<number>()
  const subscription = events.subscribe()
  events.emit(1)
  events.emit(2)
  expect(events.observed).toBe(true)
  for await (const _ of subscription) break
  expect(events.observed).toBe(false)
  events.emit(3)
  expect(subscription.dropped).toBe(0)
})

test('disposing a subscription unsubscribes', () => {
  const events = new Events<number>()
  {
    using subscription = events.subscribe()
    expect(subscription.dropped).toBe(0)
    expect(events.observed).toBe(true)
  }
  expect(events.observed).toBe(false)
})

test('a signal ends a subscription after its buffer has been read', async () => {
  const events = new Events<number>()
  const abort = new AbortController()
  const subscription = events.subscribe({ signal: abort.signal })
  events.emit(1)
  abort.abort()
  events.emit(2)
  expect(events.observed).toBe(false)
  expect(await drain(subscription)).toEqual([1])
})

test('a signal ends the wait of a reader of events', async () => {
  const events = new Events<number>()
  const abort = new AbortController()
  const reading = drain(events.subscribe({ signal: abort.signal }))
  abort.abort()
  expect(await reading).toEqual([])
})

test('a subscription under an aborted signal, or after close, is over from the start', async () => {
  const events = new Events<number>()
  expect(await drain(events.subscribe({ signal: AbortSignal.abort() }))).toEqual([])
  events.close()
  expect(await drain(events.subscribe())).toEqual([])
  expect(events.observed).toBe(false)
})

test('close ends every subscription, also one whose reader waits', async () => {
  const events = new Events<number>()
  const waiting = drain(events.subscribe())
  const behind = events.subscribe()
  events.emit(1)
  events.close()
  expect(await waiting).toEqual([1])
  expect(await drain(behind)).toEqual([1])
})

test('a subscriber may leave while an event is emitted', () => {
  const events = new Events<number>()
  const subscription = events.subscribe()
  const other = events.subscribe()
  void subscription.next().then(() => subscription[Symbol.dispose]())
  events.emit(1)
  expect(other.dropped).toBe(0)
})
