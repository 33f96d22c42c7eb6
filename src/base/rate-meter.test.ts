import { expect, test } from 'vitest'
import { FakeClock } from './clock.ts'
import { RateMeter } from './rate-meter.ts'

test('a rate meter counts what came in its span, and forgets what came before', async () => {
  const clock = new FakeClock()
  const meter = new RateMeter(clock, 5_000)
  expect(meter.perSecond).toBe(0)
  for (let at = 0; at < 10_000; at += 250) {
    meter.add(at < 5_000 ? 0 : 250)
    await clock.advance(250)
  }
  expect(meter.perSecond).toBe(950) // the sample of five seconds ago is out
  await clock.advance(5_000)
  expect(meter.perSecond).toBe(0)
})

test('a rate meter that is younger than its span divides by its age', async () => {
  const clock = new FakeClock()
  const meter = new RateMeter(clock, 10_000)
  await clock.advance(1_000)
  meter.add(500)
  expect(meter.perSecond).toBe(500)
})

test('a rate meter of a total counts its growth, and no first value and no step back', async () => {
  const clock = new FakeClock()
  const meter = new RateMeter(clock, 10_000)
  await clock.advance(1_000)
  for (const total of [1_000_000, 1_000_400, 1_000_300, 1_000_400]) meter.addUpTo(total)
  expect(meter.perSecond).toBe(500)
})
