import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Disk, levelDisk } from '../../../../test/support/branches.ts'
import { demoBlocks, demoChain, demoRange, sideBlocks } from '../../../../test/support/demo-chain.ts'
import { utf8ToBytes } from '../../../base/bytes.ts'
import { silentLogger } from '../../../base/log.ts'
import type { KeyValueStore } from '../../../storage/index.ts'
import { Block, BlockBody, type Transaction } from '../../types/index.ts'
import type { StorableBlock } from './blocks.ts'
import { ChainStore } from './chain-store.ts'
import { metaKey, Prefix, rangeOf } from './schema.ts'

let disk: Disk
beforeEach(async () => {
  disk = await levelDisk()
})
afterEach(() => disk[Symbol.asyncDispose]())

const transactionsOf = (number: number): readonly Transaction[] => demoBlocks[number - 1]!.body.transactions

/** @returns the transactions of the bundled chain, from this block on, that are not found at their location. */
function misplaced(chain: ChainStore, first = 1): string[] {
  return demoBlocks.slice(first - 1).flatMap(({ number, body }) =>
    body.transactions.flatMap(({ hash }, index) => {
      const found = chain.findTransaction(hash)
      return found?.number === number && found.index === index ? [] : [`${number}/${index}`]
    }),
  )
}

/** Deletes the index, as if a version without an index had written the store. */
async function forgetIndex(store: KeyValueStore): Promise<void> {
  const { gte, lt } = rangeOf(Prefix.Transaction)
  await store.deleteRange(gte, lt)
  await store.write([
    { type: 'put', key: metaKey('schema'), value: utf8ToBytes('1') },
    { type: 'del', key: metaKey('transactions') },
  ])
}

/** @returns a block with the body of a bundled one, on top of another parent. */
function withBodyOf(number: number, [parent]: StorableBlock[]): StorableBlock {
  const [block] = sideBlocks(parent!.header, 1)
  return { ...block!, body: demoBlocks[number - 1]!.body.raw }
}

describe('a transaction', () => {
  test('a transaction is found by its hash, in its block', async () => {
    const chain = await demoChain()
    expect(chain.firstIndexed).toBe(0)
    expect(misplaced(chain)).toEqual([])
    const [transaction] = transactionsOf(4)
    const found = chain.findTransaction(transaction!.hash)
    expect(found).toMatchObject({ number: 4, index: 0, blockHash: chain.hashAt(4) })
    expect(found!.transaction.raw).toEqual(transaction!.raw)
  })

  test('a transaction that is in no block, and a hash of another length, are not found', async () => {
    const chain = await demoChain(10)
    expect(chain.findTransaction(new Uint8Array(32))).toBeUndefined()
    expect(chain.findTransaction(new Uint8Array(31))).toBeUndefined()
    expect(chain.findTransaction(transactionsOf(20)[0]!.hash)).toBeUndefined()
  })

  test('a transaction is found in its canonical block after reorganizations', async () => {
    const chain = await demoChain(10)
    const { hash } = transactionsOf(10)[0]!
    const side = sideBlocks(chain.headerAt(8)!, 1)
    await chain.extend([...side, withBodyOf(11, side)])
    expect(chain.findTransaction(hash)).toBeUndefined()
    const next = withBodyOf(10, [{ header: chain.headerAt(10)!, body: new Uint8Array() }])
    await chain.extend([next])
    expect(chain.findTransaction(hash)).toMatchObject({ number: 11, index: 0, blockHash: next.header.hash })
    await chain.extend(demoRange(9, 320))
    expect(misplaced(chain)).toEqual([])
  })
})

describe('a store of before the index', () => {
  const open = async () => ChainStore.open(await disk.reopen())

  beforeEach(async () => {
    await demoChain(300, disk.store)
    await forgetIndex(disk.store)
  })

  test('a store without an index is indexed completely while it is in use', async () => {
    const chain = await open()
    expect(chain.firstIndexed).toBe(301)
    expect(chain.findTransaction(transactionsOf(300)[0]!.hash)).toBeUndefined()
    const logged: string[] = []
    const indexing = chain.indexTransactions({ log: { ...silentLogger, info: (message) => logged.push(message) } })
    await chain.extend(demoRange(301, 320))
    await indexing
    expect(chain.firstIndexed).toBe(0)
    expect(misplaced(chain)).toEqual([])
    expect(logged).toEqual(['Transaction indexing started', 'Transaction indexing finished'])
    const again = await open()
    expect(again.firstIndexed).toBe(0)
    expect(misplaced(again)).toEqual([])
  })

  test('a store without an index indexes new blocks from the start', async () => {
    const chain = await open()
    await chain.extend(demoRange(301, 320))
    expect(chain.firstIndexed).toBe(301)
    expect(misplaced(chain, 301)).toEqual([])
    expect((await open()).firstIndexed).toBe(301)
  })

  test('interrupted indexing continues at the next start', async () => {
    const chain = await open()
    const abort = new AbortController()
    const logged: string[] = []
    const log = { ...silentLogger, info: (message: string) => logged.push(message) }
    const indexing = chain.indexTransactions({ signal: abort.signal, log })
    abort.abort()
    await indexing
    const { firstIndexed } = chain
    expect(logged.at(-1)).toBe('Transaction indexing interrupted')
    const again = await open()
    expect(again.firstIndexed).toBe(firstIndexed)
    await again.indexTransactions()
    await again.extend(demoRange(301, 320))
    expect(misplaced(again)).toEqual([])
  })

  test('indexing is correct after a reorganization of blocks that are not indexed yet', async () => {
    const chain = await open()
    const side = sideBlocks(chain.headerAt(199)!, 2)
    await Promise.all([chain.extend([...side, withBodyOf(150, side.slice(1))]), chain.indexTransactions()])
    const [moved] = transactionsOf(150)
    expect(chain.findTransaction(moved!.hash)?.number).toBe(150) // the index comes from above: the lowest block wins
    expect(chain.findTransaction(transactionsOf(250)[0]!.hash)).toBeUndefined()
    await chain.extend(demoRange(200, 320))
    expect(misplaced(chain)).toEqual([])
  })

  test('a store without an index opens again at any time', async () => {
    await open()
    const schema = disk.store.get(metaKey('schema'))
    expect(new TextDecoder().decode(schema)).toBe('2')
    expect((await open()).firstIndexed).toBe(301)
  })
})

test('a body has the hashes of its transactions', () => {
  for (const { header, body } of demoBlocks.slice(0, 60)) {
    const again = BlockBody.decode(new Block(header, body).body.raw)
    expect(again.transactionHashes()).toEqual(body.transactions.map(({ hash }) => hash))
  }
})

test('a subscription to heads gets one head for each stored batch', async () => {
  const chain = await demoChain(10)
  using heads = chain.heads()
  await chain.extend(demoRange(11, 20))
  await chain.extend(demoRange(21, 21))
  await chain.extend([])
  expect((await heads.next()).value).toMatchObject({ number: 20 })
  expect((await heads.next()).value).toEqual(chain.head)
})
