import { expect, test } from 'vitest'
import { attempt, type Outcome } from './attempt.ts'
import { FakeClock } from './clock.ts'

/** Begins an attempt of a second; its outcome is up to the test. */
function begin(clock: FakeClock, signal?: AbortSignal) {
  let outcome: Outcome<string> | undefined
  const result = attempt<string>({ clock, what: 'trying', timeout: 1_000, signal }, (given) => {
    outcome = given
    return undefined
  })
  return { result, outcome: outcome as unknown as Outcome<string> }
}

test('an attempt keeps the process alive until it has succeeded', async () => {
  const clock = new FakeClock()
  const { result, outcome } = begin(clock)
  expect(clock.holds).toBe(1)
  outcome.resolve('done')
  expect([await result, clock.holds]).toEqual(['done', 0])
})

test('an attempt keeps the process alive until it has failed, timed out or was cancelled', async () => {
  const clock = new FakeClock()
  const failing = begin(clock)
  failing.outcome.fail(new Error('refused'))
  await expect(failing.result).rejects.toThrow('refused')
  const late = expect(begin(clock).result).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
  await clock.advance(1_000)
  await late
  const abort = new AbortController()
  const cancelled = begin(clock, abort.signal)
  expect(clock.holds).toBe(1)
  abort.abort('enough')
  await expect(cancelled.result).rejects.toBe('enough')
  expect(clock.holds).toBe(0)
})
