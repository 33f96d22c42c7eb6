import { expect, test } from 'vitest'
import { MemoryWire } from './memory-wire.ts'

function recorder() {
  const seen: unknown[] = []
  return {
    seen,
    message: (value: unknown) => seen.push(value),
    parseError: () => undefined,
    drain: () => undefined,
    end: () => seen.push('end'),
  }
}

test('texts sent before the end are delivered, also after a pause', async () => {
  const [here, there] = MemoryWire.pair()
  const sinks = { here: recorder(), there: recorder() }
  here.open(sinks.here)
  there.open(sinks.there)
  there.pause()
  here.send('1')
  here.send('2')
  here.close()
  await Promise.resolve()
  await Promise.resolve()
  expect(sinks.here.seen).toEqual(['end'])
  expect(sinks.there.seen).toEqual([])
  there.resume()
  await Promise.resolve()
  expect(sinks.there.seen).toEqual([1, 2, 'end'])
})
