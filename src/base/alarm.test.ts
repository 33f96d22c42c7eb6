import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Alarm } from './alarm.ts'
import { FakeClock } from './clock.ts'

type Rung = [name: string, at: number]

function alarms(clock = new FakeClock()) {
  const rung: Rung[] = []
  const make = (name: string) => new Alarm(clock, name, (owner) => void rung.push([owner, clock.now()]))
  return { clock, rung, make }
}

test('an alarm rings once, at its time, for its owner', async () => {
  const { clock, rung, make } = alarms()
  const alarm = make('a')
  expect(alarm.pending).toBe(false)
  alarm.set(100)
  expect(alarm.pending).toBe(true)
  await clock.advance(99)
  expect(rung).toEqual([])
  await clock.advance(1)
  expect(rung).toEqual([['a', 100]])
  expect(alarm.pending).toBe(false)
  await clock.advance(1_000)
  expect(rung).toHaveLength(1)
})

test('all alarms of a clock are one timer, and none when none is set', () => {
  const { clock, make } = alarms()
  const set = [30, 10, 20].map((delay) => {
    const alarm = make(String(delay))
    alarm.set(delay)
    return alarm
  })
  expect(clock.pending).toBe(1)
  for (const alarm of set) alarm.cancel()
  expect(clock.pending).toBe(0)
})

test('an alarm that is set again rings at the new time only, earlier or later', async () => {
  const { clock, rung, make } = alarms()
  const [later, earlier] = [make('later'), make('earlier')]
  later.set(10)
  later.set(50)
  earlier.set(50)
  earlier.set(20)
  await clock.advance(100)
  expect(rung).toEqual([
    ['earlier', 20],
    ['later', 50],
  ])
})

test('an alarm that rings may set itself and cancel others', async () => {
  const clock = new FakeClock()
  const rung: Rung[] = []
  const other = new Alarm(clock, 'other', (owner) => void rung.push([owner, clock.now()]))
  const again: Alarm<string> = new Alarm(clock, 'again', (owner) => {
    rung.push([owner, clock.now()])
    other.cancel()
    if (rung.length < 3) again.set(10)
  })
  again.set(10)
  other.set(10)
  await clock.advance(100)
  expect(rung).toEqual([
    ['again', 10],
    ['again', 20],
    ['again', 30],
  ])
  expect(clock.pending).toBe(0)
})

test('an alarm that throws does not keep the others from ringing', async () => {
  const { clock, rung, make } = alarms()
  const broken = new Alarm(clock, undefined, () => {
    throw new Error('broken')
  })
  broken.set(10)
  make('whole').set(20)
  await expect(clock.advance(10)).rejects.toThrow('broken')
  await clock.advance(10)
  expect(rung).toEqual([['whole', 20]])
})

test('alarms ring in order, each at the time it was last set to, however they are set and cancelled', async () => {
  const step = fc.record({ which: fc.nat(11), delay: fc.option(fc.nat(1_000)), pass: fc.nat(60) })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { clock, rung, make } = alarms()
      const made = Array.from({ length: 12 }, (_, i) => make(String(i)))
      const due = new Map<string, number>()
      const expected: Rung[] = []
      const pass = async (ms: number): Promise<void> => {
        await clock.advance(ms)
        for (const [name, at] of due) {
          if (at > clock.now()) continue
          expected.push([name, at])
          due.delete(name)
        }
      }
      for (const { which, delay, pass: ms } of steps) {
        if (delay === null) made[which]?.cancel()
        else made[which]?.set(delay)
        if (delay === null) due.delete(String(which))
        else due.set(String(which), clock.now() + delay)
        await pass(ms)
      }
      await pass(1_000)
      const byTime = (a: Rung, b: Rung): number => a[1] - b[1] || a[0].localeCompare(b[0])
      expect(rung.map(([, at]) => at)).toEqual(rung.map(([, at]) => at).sort((a, b) => a - b))
      expect([...rung].sort(byTime)).toEqual(expected.sort(byTime))
      expect(clock.pending).toBe(0)
    }),
    { numRuns: 50 },
  )
})
