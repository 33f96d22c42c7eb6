import { expect, test } from 'vitest'
import { BusyPoll } from './busy-poll.ts'

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Waits until the loop may sleep; answers how many turns that took. */
async function untilAsleep(poll: BusyPoll): Promise<number> {
  let turns = 0
  for (; poll.polling; turns++) await nextTurn()
  return turns
}

/** Chunks that nothing follows, until the loop sleeps at once behind one. */
async function discourage(poll: BusyPoll): Promise<void> {
  for (poll.arrived(); poll.polling; poll.arrived()) await untilAsleep(poll)
}

test('the loop stays awake for some turns after a chunk, and then sleeps', async () => {
  const poll = new BusyPoll()
  expect(poll.polling).toBe(false)
  poll.arrived()
  const turns = await untilAsleep(poll)
  expect(turns).toBeGreaterThan(50)
  expect(turns).toBeLessThan(200)
})

test('the loop stays awake as long as chunks follow each other, counted from the last', async () => {
  const poll = new BusyPoll()
  poll.arrived()
  for (let chunk = 0; chunk < 30; chunk++) {
    for (let turn = 0; turn < 50; turn++) await nextTurn()
    expect(poll.polling).toBe(true)
    poll.arrived()
  }
  expect(await untilAsleep(poll)).toBeGreaterThan(50)
})

test('the loop sleeps at once where nothing follows its chunks, and polls again now and then', async () => {
  const poll = new BusyPoll()
  await discourage(poll)
  let chunks = 1
  for (; !poll.polling; chunks++) poll.arrived()
  expect(chunks).toBeGreaterThan(100)
  await untilAsleep(poll)
  poll.arrived()
  expect(poll.polling).toBe(false)
})

test('the loop stays awake again once a chunk has followed a trial', async () => {
  const poll = new BusyPoll()
  await discourage(poll)
  while (!poll.polling) poll.arrived()
  await nextTurn()
  poll.arrived()
  await untilAsleep(poll)
  poll.arrived()
  expect(poll.polling).toBe(true)
})
