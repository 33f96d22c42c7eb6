import { expect, test } from 'vitest'
import { type SlotOptions, Slots } from './slots.ts'

const slots = (options?: SlotOptions): number[] => {
  const { maxPeers, maxDialed, maxInbound } = new Slots(options)
  return [maxPeers, maxDialed, maxInbound]
}

test.each<[string, SlotOptions, number[]]>([
  ['the defaults: a third is dialed', {}, [50, 16, 34]],
  ['a ratio of its own', { maxPeers: 10, dialRatio: 2 }, [10, 5, 5]],
  ['a ratio of 0 means the default', { maxPeers: 30, dialRatio: 0 }, [30, 10, 20]],
  ['a ratio above the peers still dials one', { maxPeers: 2, dialRatio: 10 }, [2, 1, 1]],
  ['one peer is dialed', { maxPeers: 1 }, [1, 1, 0]],
  ['no peers', { maxPeers: 0 }, [0, 0, 0]],
  ['a node that does not dial leaves every slot to callers', { maxPeers: 10, dials: false }, [10, 0, 10]],
])('%s', (_, options, expected) => {
  expect(slots(options)).toEqual(expected)
})
