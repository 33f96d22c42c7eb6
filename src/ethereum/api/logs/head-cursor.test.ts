import { expect, test } from 'vitest'
import { demoChain, demoRange } from '../../../../test/support/demo-chain.ts'
import { emptyBlocks } from '../../../../test/support/sync-nodes.ts'
import { MemoryStore } from '../../../storage/index.ts'
import type { ChainStore } from '../../chain/index.ts'
import { blockKey, Prefix } from '../../chain/store/schema.ts'
import { HeadCursor } from './head-cursor.ts'

/** @returns all steps to the head: block numbers, negative for removed blocks. */
function steps(cursor: HeadCursor): number[] {
  const numbers: number[] = []
  for (let step = cursor.next(); step; step = cursor.next()) {
    numbers.push(step.removed ? -step.header.number : step.header.number)
  }
  return numbers
}

/** Puts a branch of empty blocks on top of a canonical block. */
async function branchOff(chain: ChainStore, number: number, length: number, salt: number): Promise<void> {
  await chain.extend(emptyBlocks(chain, chain.headerAt(number)!, length, salt))
}

test('a cursor starts after the head, and returns each block that is added, in order', async () => {
  const chain = await demoChain(10)
  const cursor = new HeadCursor(chain)
  expect(steps(cursor)).toEqual([])
  await chain.extend(demoRange(11, 12))
  await chain.extend(demoRange(13, 15))
  expect(steps(cursor)).toEqual([11, 12, 13, 14, 15])
  expect(steps(cursor)).toEqual([])
})

test('a cursor goes back from a branch that was left, then forward on the new one', async () => {
  const chain = await demoChain(15)
  const cursor = new HeadCursor(chain)
  await branchOff(chain, 12, 4, 1)
  expect(steps(cursor)).toEqual([-15, -14, -13, 13, 14, 15, 16])
  await branchOff(chain, 10, 2, 2)
  expect(steps(cursor)).toEqual([-16, -15, -14, -13, -12, -11, 11, 12])
})

test('a cursor follows a reorganization that happens between two of its steps', async () => {
  const chain = await demoChain(10)
  const cursor = new HeadCursor(chain)
  await chain.extend(demoRange(11, 13))
  expect(cursor.next()).toMatchObject({ header: { number: 11 }, removed: false })
  expect(cursor.next()).toMatchObject({ header: { number: 12 }, removed: false })
  await branchOff(chain, 11, 2, 1)
  expect(steps(cursor)).toEqual([-12, 12, 13])
})

test('a cursor returns no block of branches that came and went since its last step', async () => {
  const chain = await demoChain(10)
  const cursor = new HeadCursor(chain)
  await branchOff(chain, 10, 3, 1)
  await branchOff(chain, 10, 3, 2)
  await chain.extend(demoRange(11, 11))
  expect(steps(cursor)).toEqual([11])
})

test('a cursor whose block was lost from the store continues from the head', async () => {
  const store = new MemoryStore()
  const chain = await demoChain(12, store)
  const cursor = new HeadCursor(chain)
  const lost = chain.head.hash
  await branchOff(chain, 10, 4, 1)
  await store.write([{ type: 'del', key: blockKey(Prefix.Header, 12, lost) }])
  expect(steps(cursor)).toEqual([])
  await branchOff(chain, 14, 1, 1)
  expect(steps(cursor)).toEqual([15])
})
