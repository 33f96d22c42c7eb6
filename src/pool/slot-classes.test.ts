import { expect, test } from 'vitest'
import { SlotClasses, type SlotOptions, slotLimits } from './slot-classes.ts'

const slots = (options?: SlotOptions): number[] => {
  const { total, classes } = slotLimits(options)
  return [total, classes.dialed, classes.inbound]
}

test.each<[string, SlotOptions, number[]]>([
  ['by default a third of the slots is for dialing', {}, [50, 16, 34]],
  ['dialRatio sets the share of dialed peers', { maxPeers: 10, dialRatio: 2 }, [10, 5, 5]],
  ['a dialRatio of 0 means the default', { maxPeers: 30, dialRatio: 0 }, [30, 10, 20]],
  ['a dialRatio above maxPeers leaves one slot for dialing', { maxPeers: 2, dialRatio: 10 }, [2, 1, 1]],
  ['a single slot is for dialing', { maxPeers: 1 }, [1, 1, 0]],
  ['maxPeers 0 leaves no slot', { maxPeers: 0 }, [0, 0, 0]],
  ['a node that does not dial leaves every slot to callers', { maxPeers: 10, dials: false }, [10, 0, 10]],
  ['maxDialed overrides the share, callers get the rest', { maxPeers: 10, maxDialed: 8 }, [10, 8, 2]],
  ['maxInbound limits callers below the rest', { maxPeers: 10, maxInbound: 1 }, [10, 3, 1]],
  ['maxDialed above maxPeers leaves no inbound slot', { maxPeers: 4, maxDialed: 9 }, [4, 9, 0]],
])('%s', (_, options, expected) => {
  expect(slots(options)).toEqual(expected)
})

test('slots are counted by class and in all, also beyond the limit of a class', () => {
  const slots = new SlotClasses({ total: 4, classes: { relay: 1, feeler: 2 } })
  slots.take('relay')
  slots.take('relay')
  slots.take('feeler')
  expect([slots.taken('relay'), slots.free('relay'), slots.free('feeler'), slots.total]).toEqual([2, 0, 1, 3])
  slots.release('relay')
  slots.release('relay')
  expect([slots.taken('relay'), slots.free('relay'), slots.total]).toEqual([0, 1, 1])
})
