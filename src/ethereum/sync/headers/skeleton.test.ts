import { describe, expect, test } from 'vitest'
import { demoBlocks, demoChain } from '../../../../test/support/demo-chain.ts'
import { MemoryStore } from '../../../storage/index.ts'
import { ChainStore } from '../../chain/index.ts'
import { Header } from '../../types/index.ts'
import { Skeleton } from './skeleton.ts'

/** @returns headers of the bundled chain from one number down to another. */
const down = (from: number, to: number): Header[] =>
  demoBlocks
    .slice(to - 1, from)
    .map(({ header }) => header)
    .reverse()
const at = (number: number): Header => demoBlocks[number - 1]!.header

async function empty() {
  const memory = new MemoryStore()
  return { memory, skeleton: new Skeleton(await demoChain(0, memory)) }
}

describe('the headers a sync has downloaded', () => {
  test('downloaded headers are there after a restart', async () => {
    const { memory, skeleton } = await empty()
    await skeleton.begin(at(300))
    await skeleton.prepend(down(299, 200))
    const again = new Skeleton(await ChainStore.open(memory))
    expect(again.current).toEqual({ first: 200, last: 300 })
    expect(again.next).toEqual(at(199).hash)
    expect(again.headerAt(250).raw).toEqual(at(250).raw)
  })

  test('downloaded headers of an older target merge with those of a newer one that link to them', async () => {
    const { skeleton } = await empty()
    await skeleton.begin(at(200))
    await skeleton.prepend(down(199, 150))
    await skeleton.begin(at(300))
    expect(skeleton.older).toBe(200)
    await skeleton.prepend(down(299, 250))
    expect(skeleton.countAbove(0)).toBe(51 + 51)
    await skeleton.prepend(down(249, 201))
    expect(skeleton.current).toEqual({ first: 150, last: 300 })
    expect(skeleton.next).toEqual(at(149).hash)
    expect(skeleton.older).toBeUndefined()
  })

  test('downloaded headers of an older target on another branch are kept below the new ones', async () => {
    const { skeleton } = await empty()
    await skeleton.begin(at(200))
    await skeleton.prepend(down(199, 150))
    const other = Header.from({ ...at(201), parentHash: new Uint8Array(32).fill(1) })
    await skeleton.begin(other)
    expect(skeleton.current).toEqual({ first: 201, last: 201 })
    const side = Header.from({ ...at(200), gasLimit: 1n })
    await skeleton.prepend([side])
    expect(skeleton.current).toEqual({ first: 150, last: 201 })
  })

  test('downloaded headers serve a lower target on the same chain', async () => {
    const { skeleton } = await empty()
    await skeleton.begin(at(200))
    await skeleton.prepend(down(199, 150))
    await skeleton.begin(at(170))
    expect(skeleton.current).toEqual({ first: 150, last: 170 })
  })

  test('downloaded headers are dropped when their blocks are stored', async () => {
    const memory = new MemoryStore()
    const store = await demoChain(0, memory)
    const skeleton = new Skeleton(store)
    await skeleton.begin(at(10))
    await skeleton.prepend(down(9, 1))
    await store.writeSync(skeleton.changesFor(4))
    skeleton.stored(4)
    expect(skeleton.current).toEqual({ first: 5, last: 10 })
    expect(store.syncHeader(4)).toBeUndefined()
    await store.writeSync(skeleton.changesFor(10))
    skeleton.stored(10)
    expect(skeleton.current).toBeUndefined()
    expect(new Skeleton(store).current).toBeUndefined()
  })

  test('downloaded headers are ignored when their note is damaged', async () => {
    const store = await demoChain(0)
    await store.writeSync({ state: { skeleton: Uint8Array.of(1, 2, 3) } })
    expect(new Skeleton(store).current).toBeUndefined()
  })
})
