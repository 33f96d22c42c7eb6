import { expect, test } from 'vitest'
import { FakeClock } from '../base/clock.ts'
import { silentLogger } from '../base/log.ts'
import { Dialer, type DialerOptions, REDIAL_INTERVAL } from './index.ts'

interface Dial {
  readonly id: string
  readonly isStatic: boolean
  readonly at: number
  succeed(): void
  fail(): void
}

interface World {
  readonly clock: FakeClock
  readonly dialer: Dialer<string>
  /** Every dial there was, the last one last. */
  readonly dials: Dial[]
  readonly connected: Set<string>
  last(): Dial
}

/** A dialer whose dials the test brings to an end. */
function world(options: Partial<DialerOptions<string>> = {}): World {
  const clock = new FakeClock()
  const dials: Dial[] = []
  const connected = new Set<string>()
  const dial = (id: string, isStatic: boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const succeed = (): void => {
        connected.add(id)
        resolve()
      }
      dials.push({ id, isStatic, at: clock.now(), succeed, fail: () => reject(new Error('refused')) })
    })
  const dialer = new Dialer<string>({
    clock,
    log: silentLogger,
    random: () => 0.5,
    idOf: (id) => id,
    maxActiveDials: 50,
    freeSlots: () => 10,
    refuse: (id) => (connected.has(id) ? 'already connected' : undefined),
    dial,
    ...options,
  })
  return {
    clock,
    dialer,
    dials,
    connected,
    last: () => dials.at(-1) as Dial,
  }
}

/** Nodes that come when the test finds them. */
class Source implements AsyncIterableIterator<string> {
  asked = 0
  returned = false
  #found: ((result: IteratorResult<string>) => void) | undefined

  next(): Promise<IteratorResult<string>> {
    this.asked++
    return new Promise((resolve) => {
      this.#found = resolve
    })
  }

  find(value: string): void {
    this.#found?.({ value, done: false })
  }

  async return(): Promise<IteratorResult<string>> {
    this.returned = true
    return { value: undefined, done: true }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

async function* listed(...ids: string[]): AsyncGenerator<string> {
  yield* ids
}

test('static nodes are dialed at once, and once', () => {
  const { dialer, dials } = world()
  dialer.addStatic('a')
  dialer.addStatic('a')
  expect(dials).toMatchObject([{ id: 'a', isStatic: true, at: 0 }])
  expect([dialer.isStatic('a'), dialer.isDialing('a'), dialer.isDialing('b')]).toEqual([true, true, false])
})

test('static nodes are dialed again after a failure, later each time', async () => {
  const { dialer, dials, clock, last } = world()
  dialer.addStatic('a')
  for (const delay of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
    const count = dials.length
    last().fail()
    await clock.advance(delay - 1)
    expect(dials).toHaveLength(count)
    await clock.advance(1)
    expect(dials).toHaveLength(count + 1)
  }
})

test('static nodes are not dialed while they are connected, and again when they are lost', async () => {
  const { dialer, dials, clock, connected, last } = world()
  dialer.addStatic('a')
  last().succeed()
  await clock.advance(1_000_000)
  expect(dials).toHaveLength(1)
  expect(clock.pending).toBe(0)
  connected.delete('a')
  dialer.lost('a', 1_000_000)
  await clock.advance(1_000)
  expect(dials).toHaveLength(2)
})

test('static nodes that keep disconnecting soon are dialed later each time, until a long connection resets the delay', async () => {
  const { dialer, dials, clock, connected, last } = world()
  dialer.addStatic('a')
  const waitAfter = async (lived: number): Promise<number> => {
    last().succeed()
    await clock.advance(0)
    connected.delete('a')
    const left = clock.now()
    const count = dials.length
    dialer.lost('a', lived)
    while (dials.length === count) await clock.advance(500)
    return last().at - left
  }
  expect([await waitAfter(10), await waitAfter(10), await waitAfter(10)]).toEqual([1_000, 2_000, 4_000])
  expect(await waitAfter(REDIAL_INTERVAL + 1)).toBe(1_000)
})

test('static nodes are no longer dialed once removed', async () => {
  const { dialer, dials, clock, last } = world()
  dialer.addStatic('a')
  last().fail()
  await clock.advance(0)
  expect(dialer.removeStatic('a')).toBe(true)
  expect(dialer.removeStatic('a')).toBe(false)
  await clock.advance(100_000)
  expect(dials).toHaveLength(1)
  expect(clock.pending).toBe(0)
})

test('static nodes share one timer, set for the soonest', async () => {
  const { dialer, dials, clock } = world()
  for (const id of ['a', 'b', 'c']) dialer.addStatic(id)
  for (const { fail } of [...dials]) fail()
  await clock.advance(0)
  expect(clock.pending).toBe(1)
  await clock.advance(1_000)
  expect(dials).toHaveLength(6)
})

test('static nodes beyond maxActiveDials wait for a dial to end', async () => {
  const { dialer, dials, clock } = world({ maxActiveDials: 2 })
  for (const id of ['a', 'b', 'c']) dialer.addStatic(id)
  expect(dials.map(({ id }) => id)).toEqual(['a', 'b'])
  dials[0]?.succeed()
  await clock.advance(0)
  expect(dials.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
})

test('candidates are dialed while there are free slots, twice as many as there are, because most attempts fail', async () => {
  const { dialer, clock, dials } = world({ candidates: listed('a', 'b', 'c', 'd', 'e'), freeSlots: () => 2 })
  dialer.wake()
  await clock.advance(0)
  expect(dials.map(({ id, isStatic }) => [id, isStatic])).toEqual(['a', 'b', 'c', 'd'].map((id) => [id, false]))
  dials[0]?.fail()
  await clock.advance(0)
  expect(dials.at(-1)?.id).toBe('e')
})

test('candidates are not pulled while no slot is free', async () => {
  const source = new Source()
  let free = 0
  const { dialer, clock } = world({ candidates: source, freeSlots: () => free })
  dialer.wake()
  await clock.advance(0)
  expect(source.asked).toBe(0)
  free = 1
  dialer.wake()
  dialer.wake()
  await clock.advance(0)
  expect(source.asked).toBe(1)
})

test('candidates are skipped within the redial interval, and dialed again after it', async () => {
  const source = new Source()
  const { dialer, clock, dials } = world({ candidates: source })
  const find = async (id: string): Promise<void> => {
    source.find(id)
    await clock.advance(0)
  }
  dialer.wake()
  await find('a')
  dials[0]?.fail()
  await clock.advance(0)
  await find('a')
  expect(dials).toHaveLength(1)
  await clock.advance(REDIAL_INTERVAL)
  await find('a')
  expect(dials).toHaveLength(2)
})

test('candidates that are refused are skipped', async () => {
  const { dialer, clock, dials, connected } = world({ candidates: listed('a', 'b') })
  connected.add('a')
  dialer.wake()
  await clock.advance(0)
  expect(dials.map(({ id }) => id)).toEqual(['b'])
})

test('candidates of an endless source of known nodes do not starve the event loop', async () => {
  let pulled = 0
  async function* endless(): AsyncGenerator<string> {
    while (pulled++ < 20_000) yield 'known'
  }
  const { dialer, clock, connected } = world({ candidates: endless() })
  connected.add('known')
  dialer.wake()
  await clock.advance(0)
  expect(pulled).toBeLessThan(1_000)
  await clock.advance(10_000)
  expect(pulled).toBeGreaterThan(200)
  dialer.close()
  expect(clock.pending).toBe(0)
})

test('candidates whose source fails leave the static nodes unaffected', async () => {
  const lines: unknown[] = []
  const log = { ...silentLogger, warn: (message: string) => void lines.push(message) }
  const failing: AsyncIterable<string> = {
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('no such source')) }),
  }
  const { dialer, clock, dials } = world({ candidates: failing, log })
  dialer.wake()
  await clock.advance(0)
  expect(lines).toHaveLength(1)
  dialer.addStatic('a')
  expect(dials).toHaveLength(1)
})

test('closing a dialer stops dialing, cancels the timer and closes the source', async () => {
  const source = new Source()
  const { dialer, clock, dials, last } = world({ candidates: source })
  dialer.addStatic('a')
  last().fail()
  await clock.advance(0)
  dialer.close()
  expect([clock.pending, source.returned]).toEqual([0, true])
  await clock.advance(100_000)
  dialer.wake()
  expect(dials).toHaveLength(1)
})

test('a candidate found while the dialer closes is not dialed', async () => {
  const source = new Source()
  const { dialer, clock, dials } = world({ candidates: source })
  dialer.wake()
  await clock.advance(0)
  dialer.close()
  source.find('late')
  await clock.advance(0)
  expect(dials).toEqual([])
})

test('a static node added after the dialer closed is not dialed', () => {
  const { dialer, dials } = world()
  dialer.close()
  dialer.addStatic('a')
  expect(dials).toEqual([])
})

test('a dial that fails after the dialer closed sets no timer', async () => {
  const { dialer, clock, last } = world()
  dialer.addStatic('a')
  dialer.close()
  last().fail()
  await clock.advance(0)
  expect(clock.pending).toBe(0)
})

test('a source that fails to close causes no unhandled rejection', async () => {
  const failing: AsyncIterable<string> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return: () => Promise.reject(new Error('stuck')),
    }),
  }
  const { dialer, clock } = world({ candidates: failing })
  dialer.wake()
  dialer.close()
  await clock.advance(0)
  expect(clock.pending).toBe(0)
})
