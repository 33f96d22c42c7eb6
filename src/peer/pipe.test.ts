import { expect, test } from 'vitest'
import type { FrameSink, MessageKey, Transport } from './index.ts'
import { type PipeOptions, transportPipe } from './index.ts'

interface Log extends FrameSink<MessageKey> {
  readonly frames: (readonly [MessageKey, number[]])[]
  readonly ends: unknown[]
  drains: number
}

function log(): Log {
  const frames: (readonly [MessageKey, number[]])[] = []
  const ends: unknown[] = []
  return {
    frames,
    ends,
    drains: 0,
    frame: (key, payload) => void frames.push([key, [...payload]]),
    drain() {
      this.drains++
    },
    end: (error) => void ends.push(error),
  }
}

function pipe(options?: PipeOptions): { a: Transport<MessageKey>; b: Transport<MessageKey>; atA: Log; atB: Log } {
  const [a, b] = transportPipe(options)
  const [atA, atB] = [log(), log()]
  a.open(atA)
  b.open(atB)
  return { a, b, atA, atB }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const bytes = (n: number): Uint8Array => new Uint8Array(n)

test('frames of a pipe arrive in order, in both directions, after the tick of the write', async () => {
  const { a, b, atA, atB } = pipe()
  a.write(1, Uint8Array.of(1))
  a.write('two', Uint8Array.of(2, 2))
  b.write(3, Uint8Array.of())
  expect(atB.frames).toEqual([])
  await settle()
  expect(atB.frames).toEqual([
    [1, [1]],
    ['two', [2, 2]],
  ])
  expect(atA.frames).toEqual([[3, []]])
})

test('frames written before the other end of a pipe opened are not lost', async () => {
  const [a, b] = transportPipe()
  a.write(1, Uint8Array.of(1))
  await a.close()
  await settle()
  const sink = log()
  b.open(sink)
  await settle()
  expect([sink.frames, sink.ends]).toEqual([[[1, [1]]], [undefined]])
})

test('an end of a pipe that opens after the other has closed gets the end', async () => {
  const [a, b] = transportPipe()
  await a.close()
  await settle()
  const sink = log()
  b.open(sink)
  await settle()
  expect(sink.ends).toEqual([undefined])
})

test('a payload in a pipe is copied: the sender may go on using its bytes', async () => {
  const { a, atB } = pipe()
  const payload = Uint8Array.of(1)
  a.write(0, payload)
  payload[0] = 9
  await settle()
  expect(atB.frames).toEqual([[0, [1]]])
})

test('a paused end of a pipe receives nothing until it resumes, and may pause from within a frame', async () => {
  const { a, b, atB } = pipe()
  b.pause()
  a.write(1, bytes(1))
  a.write(2, bytes(1))
  await settle()
  expect(atB.frames).toEqual([])
  const frame = atB.frame
  atB.frame = (...args) => {
    frame(...args)
    b.pause()
  }
  b.resume()
  await settle()
  expect(atB.frames).toHaveLength(1)
  b.resume()
  await settle()
  expect(atB.frames).toHaveLength(2)
})

test('a write over the high-water mark of a pipe returns false, and drain comes once when half is free', async () => {
  const { a, b, atA } = pipe({ highWaterBytes: 10 })
  b.pause()
  expect(a.write(1, bytes(9))).toBe(true)
  expect(a.write(2, bytes(1))).toBe(false)
  expect(a.write(3, bytes(1))).toBe(false)
  await settle()
  expect(atA.drains).toBe(0)
  b.resume()
  await settle()
  expect(atA.drains).toBe(1)
  b.resume()
  await settle()
  expect(atA.drains).toBe(1)
})

test('close lets the other end of a pipe read what was written, then ends it once', async () => {
  const { a, b, atB } = pipe()
  b.pause()
  a.write(1, bytes(1))
  await a.close()
  await a.close()
  a.write(2, bytes(1))
  await settle()
  expect(atB.ends).toEqual([])
  b.resume()
  await settle()
  expect([atB.frames.length, atB.ends]).toEqual([1, [undefined]])
  await b.close()
  expect(atB.ends).toEqual([undefined])
})

test('destroy ends its own side of a pipe with the error and the other without one', async () => {
  const { a, atA, atB } = pipe()
  const error = new Error('cut')
  a.destroy(error)
  a.destroy(new Error('again'))
  await settle()
  expect([atA.ends, atB.ends]).toEqual([[error], [undefined]])
})

test('an end of a pipe that has ended is not ended again when it is destroyed', async () => {
  const { a, b, atB } = pipe()
  await a.close()
  await settle()
  b.destroy(new Error('late'))
  await settle()
  expect(atB.ends).toEqual([undefined])
})

test('writes after the end of a pipe are dropped', async () => {
  const { a, b, atA } = pipe({ highWaterBytes: 1 })
  await b.close()
  await settle()
  expect(a.write(1, bytes(100))).toBe(true)
  expect(atA.ends).toEqual([undefined])
})
