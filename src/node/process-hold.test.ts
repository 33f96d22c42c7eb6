import { expect, test } from 'vitest'
import { FakeClock } from '../base/clock.ts'
import { Node } from './node.ts'
import { defineService } from './service.ts'

test('a node without a listener and without endpoints keeps the process alive until it is closed', async () => {
  const clock = new FakeClock()
  const node = await Node.start({ clock, p2p: false })
  await node.rpc.close()
  expect(clock.holds).toBe(1)
  await node.close()
  expect([clock.holds, clock.pending]).toEqual([0, 0])
})

test('a node whose start fails or whose service fails does not keep the process alive', async () => {
  const clock = new FakeClock()
  const refusing = defineService({
    name: 'refusing',
    start() {
      throw new Error('no')
    },
  })
  await expect(Node.start({ clock, p2p: {}, services: [refusing] })).rejects.toMatchObject({ name: 'ServiceError' })
  expect(clock.holds).toBe(0)
  const failing = defineService({
    name: 'failing',
    start: () => ({
      async run() {
        throw new Error('later')
      },
    }),
  })
  const node = await Node.start({ clock, p2p: {}, services: [failing] }).catch(() => undefined)
  await node?.closed
  expect(clock.holds).toBe(0)
})
