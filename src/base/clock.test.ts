import { afterEach, expect, test, vi } from 'vitest'
import { FakeClock, holdProcess, systemClock } from './clock.ts'

afterEach(() => void vi.useRealTimers())

test('a fake clock stands still until it is advanced', async () => {
  const clock = new FakeClock(1_000)
  expect([clock.now(), clock.unixTime()]).toEqual([0, 1_000])
  await clock.advance(250)
  expect([clock.now(), clock.unixTime()]).toEqual([250, 1_250])
})

test('timers of a fake clock run at their own time, in order of time and then of setting', async () => {
  const clock = new FakeClock()
  const ran: [string, number][] = []
  const note = (name: string) => () => void ran.push([name, clock.now()])
  clock.setTimer(20, note('late'))
  clock.setTimer(10, note('first'))
  clock.setTimer(10, note('second'))
  clock.setTimer(-5, note('overdue'))
  await clock.advance(15)
  expect(ran).toEqual([
    ['overdue', 0],
    ['first', 10],
    ['second', 10],
  ])
  expect(clock.pending).toBe(1)
  await clock.advance(5)
  expect(ran.at(-1)).toEqual(['late', 20])
  expect(clock.pending).toBe(0)
})

test('a timer set by a timer runs in the same advance when it falls due in it', async () => {
  const clock = new FakeClock()
  const ran: number[] = []
  const again = (): void => {
    ran.push(clock.now())
    clock.setTimer(10, again)
  }
  clock.setTimer(10, again)
  await clock.advance(35)
  expect(ran).toEqual([10, 20, 30])
  expect(clock.now()).toBe(35)
})

test('a cancelled timer does not run, and cancelling again does nothing', async () => {
  const clock = new FakeClock()
  let ran = 0
  const timer = clock.setTimer(10, () => ran++)
  timer.cancel()
  timer.cancel()
  await clock.advance(20)
  expect([ran, clock.pending]).toEqual([0, 0])
})

test('code behind a sleep runs before the next timer', async () => {
  const clock = new FakeClock()
  const order: string[] = []
  void clock.sleep(10).then(async () => {
    await Promise.resolve()
    order.push('slept')
  })
  clock.setTimer(11, () => order.push('timer'))
  await clock.advance(20)
  expect(order).toEqual(['slept', 'timer'])
})

test('an aborted sleep rejects with the reason of its signal and leaves no timer', async () => {
  const clock = new FakeClock()
  const abort = new AbortController()
  const sleeping = clock.sleep(10, { signal: abort.signal })
  abort.abort('woken')
  await expect(sleeping).rejects.toBe('woken')
  expect(clock.pending).toBe(0)
  await expect(clock.sleep(10, { signal: abort.signal })).rejects.toBe('woken')
})

test('a timer keeps the process alive only when it is set with ref, and a sleep does', async () => {
  const clock = new FakeClock()
  clock.setTimer(10, () => {})
  expect(clock.holds).toBe(0)
  const timer = clock.setTimer(10, () => {}, { ref: true })
  void clock.sleep(10)
  expect(clock.holds).toBe(2)
  timer.cancel()
  expect(clock.holds).toBe(1)
  await clock.advance(10)
  expect(clock.holds).toBe(0)
})

test('a hold keeps the process alive until it is cancelled, and is no pending timer', async () => {
  const clock = new FakeClock()
  const hold = holdProcess(clock)
  await clock.advance(2 ** 40)
  expect([clock.holds, clock.pending]).toEqual([1, 0])
  hold.cancel()
  hold.cancel()
  expect(clock.holds).toBe(0)
})

test('the system clock refs the timers that keep the process alive, also past the longest delay', async () => {
  vi.useFakeTimers()
  const refs: boolean[] = []
  const setTimer = globalThis.setTimeout
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((callback: () => void, delay: number) => {
    const timer = setTimer(callback, delay)
    const at = refs.push(true) - 1
    const unref = timer.unref.bind(timer)
    timer.unref = () => {
      refs[at] = false
      return unref()
    }
    return timer
  }) as typeof setTimeout)
  const hold = holdProcess(systemClock)
  const timer = systemClock.setTimer(10, () => {})
  await vi.advanceTimersByTimeAsync(2 ** 31)
  expect(refs).toEqual([true, false, true])
  hold.cancel()
  timer.cancel()
  expect(vi.getTimerCount()).toBe(0)
  vi.restoreAllMocks()
})

test('the system clock runs timers, cancels them and sleeps', async () => {
  vi.useFakeTimers()
  const ran: string[] = []
  systemClock.setTimer(10, () => ran.push('timer'))
  systemClock.setTimer(10, () => ran.push('cancelled')).cancel()
  void systemClock.sleep(20).then(() => ran.push('slept'))
  await vi.advanceTimersByTimeAsync(30)
  expect(ran).toEqual(['timer', 'slept'])
})

test('a timer longer than the platform can count does not run at once', async () => {
  vi.useFakeTimers()
  let ran = 0
  const timers = [2 ** 31, Number.POSITIVE_INFINITY].map((delay) => systemClock.setTimer(delay, () => ran++))
  await vi.advanceTimersByTimeAsync(10_000)
  expect(ran).toBe(0)
  await vi.advanceTimersByTimeAsync(2 ** 31 - 9_999)
  expect(ran).toBe(1)
  for (const timer of timers) timer.cancel()
  expect(vi.getTimerCount()).toBe(0)
})

test('the system clock has a monotonic time and the Unix time', () => {
  const before = systemClock.now()
  expect(systemClock.now()).toBeGreaterThanOrEqual(before)
  expect(systemClock.unixTime()).toBeGreaterThan(1_600_000_000_000)
})
