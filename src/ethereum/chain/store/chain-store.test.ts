import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { branch, branchGenesis, type Disk, levelDisk, memoryDisk } from '../../../../test/support/branches.ts'
import { header } from '../../../../test/support/headers.ts'
import { utf8ToBytes } from '../../../base/bytes.ts'
import { StorageError } from '../../../base/errors.ts'
import type { KeyValueStore } from '../../../storage/index.ts'
import { genesisFromJson } from '../config/genesis.ts'
import type { StorableBlock } from './blocks.ts'
import { ChainStore } from './chain-store.ts'
import { metaKey } from './schema.ts'

const genesis = branchGenesis()
const put = (key: Uint8Array, value: Uint8Array) => [{ type: 'put', key, value } as const]

/** @returns every entry of a store. */
async function contents(store: KeyValueStore): Promise<string[]> {
  const entries: string[] = []
  for await (const [key, value] of store.iterate()) entries.push(`${key}:${value}`)
  return entries
}

for (const [kind, makeDisk] of Object.entries({ memory: memoryDisk, level: levelDisk })) {
  let disk: Disk
  let chain: ChainStore
  beforeEach(async () => {
    disk = await makeDisk()
  })
  afterEach(() => disk[Symbol.asyncDispose]())
  const open = async (wanted = genesis) => {
    chain = await ChainStore.open(await disk.reopen(), wanted)
    return chain
  }
  const openAsItIs = async () => {
    chain = await ChainStore.open(await disk.reopen())
    return chain
  }
  const tip = () => chain.header(chain.head.hash)!

  describe(`opening a chain (${kind})`, () => {
    test(`a new chain starts with the genesis (${kind})`, async () => {
      await open()
      expect(chain.head).toEqual({ number: 0, hash: genesis.hash, totalDifficulty: 5n, timestamp: 0 })
      expect(chain).toMatchObject({ repaired: undefined, firstReceipts: 0, earliest: 0, genesisHash: genesis.hash })
      expect(chain.rawHeaderAt(0)).toEqual(genesis.header.raw)
      expect(chain.rawBody(genesis.hash)).toEqual(genesis.body.raw)
      expect(chain.rawReceipts(genesis.hash)).toEqual(Uint8Array.of(0xc0))
      expect(await chain.stats()).toEqual({ blocks: 1, headers: 1, bodies: 1, receipts: 1, accessLists: 0 })
    })

    test(`a chain is opened again with its blocks, with and without a genesis (${kind})`, async () => {
      await (await open()).extend(branch(genesis.header, 3))
      const { head } = chain
      expect((await open()).head).toEqual(head)
      expect((await openAsItIs()).head).toEqual(head)
      expect(chain.genesis).toEqual(genesis)
      expect(chain.repaired).toBeUndefined()
      expect(chain.config).toEqual({ chainId: 7 })
    })

    test(`opening an empty store without a genesis fails and leaves it empty (${kind})`, async () => {
      await expect(ChainStore.open(disk.store)).rejects.toMatchObject({ code: 'ERR_CHAIN_MISSING' })
      expect(await contents(disk.store)).toEqual([])
    })

    test(`opening a store of another chain fails and changes nothing (${kind})`, async () => {
      await open()
      const before = await contents(disk.store)
      const other = branchGenesis({ londonBlock: 0 })
      await expect(ChainStore.open(disk.store, other)).rejects.toMatchObject({ code: 'ERR_CHAIN_MISMATCH' })
      expect(await contents(disk.store)).toEqual(before)
    })

    test(`opening a store of the same genesis with another chain id fails and changes nothing (${kind})`, async () => {
      await open()
      const before = await contents(disk.store)
      const other = genesisFromJson({ ...genesis.json, config: { ...genesis.json.config, chainId: 8 } })
      expect(other.hash).toEqual(genesis.hash)
      await expect(ChainStore.open(disk.store, other)).rejects.toMatchObject({ code: 'ERR_CHAIN_MISMATCH' })
      expect(await contents(disk.store)).toEqual(before)
    })

    test(`opening a store of another schema or program fails and changes nothing (${kind})`, async () => {
      await disk.store.write(put(utf8ToBytes('hello'), utf8ToBytes('world')))
      await expect(ChainStore.open(disk.store, genesis)).rejects.toMatchObject({ code: 'ERR_STORAGE_FOREIGN' })
      expect(await contents(disk.store)).toHaveLength(1)
      await disk.store.write(put(metaKey('schema'), utf8ToBytes('3')))
      await expect(ChainStore.open(disk.store, genesis)).rejects.toMatchObject({ code: 'ERR_STORAGE_FOREIGN' })
      expect(await contents(disk.store)).toHaveLength(2)
    })

    test(`opening a store with a damaged genesis fails (${kind})`, async () => {
      await open()
      for (const damaged of [
        '',
        '{',
        'null',
        '{}',
        '{"config":{"chainId":7}}',
        '{"config":{"chainId":7},"header":"c0"}',
      ]) {
        await disk.store.write(put(metaKey('genesis'), utf8ToBytes(damaged)))
        await expect(ChainStore.open(disk.store)).rejects.toMatchObject({ code: 'ERR_STORAGE_CORRUPT' })
      }
    })

    test(`opening a chain with a new fork in its config stores that config (${kind})`, async () => {
      await open()
      const { hash } = chain.forkId()
      await open(branchGenesis({ londonBlock: 50 }))
      expect(chain.forkId()).toEqual({ hash, next: 50n })
      expect((await openAsItIs()).forkId()).toEqual({ hash, next: 50n })
      expect(chain.forkFilter({ hash, next: 50n })).toBeUndefined()
      expect(chain.forkFilter({ hash: Uint8Array.of(1, 2, 3, 4), next: 0n })).toMatch(/another chain/)
    })
  })

  describe(`extending a chain (${kind})`, () => {
    beforeEach(async () => {
      await open()
    })

    test(`added blocks are readable by hash and by number (${kind})`, async () => {
      const blocks = branch(genesis.header, 3)
      await chain.extend([blocks[0]!])
      await chain.extend([{ ...blocks[1]!, accessList: Uint8Array.of(0xc0) }, blocks[2]!])
      expect(chain.head).toEqual({ number: 3, hash: tip().hash, totalDifficulty: 11n, timestamp: 30 })
      for (const { header, body, receipts } of blocks) {
        expect(chain.hashAt(header.number)).toEqual(header.hash)
        expect(chain.headerAt(header.number)).toEqual(header)
        expect(chain.header(header.hash)).toEqual(header)
        expect(chain.rawBody(header.hash)).toEqual(body)
        expect(chain.rawReceipts(header.hash)).toEqual(receipts)
        expect(chain.isCanonical(header.hash)).toBe(true)
        expect(chain.rawAccessList(header.hash)).toEqual(header.number === 2 ? Uint8Array.of(0xc0) : undefined)
      }
      expect(await chain.stats()).toEqual({ blocks: 4, headers: 4, bodies: 4, receipts: 4, accessLists: 1 })
    })

    test(`blocks that do not follow the chain are rejected and change nothing (${kind})`, async () => {
      const [first, second, third] = branch(genesis.header, 3) as [StorableBlock, StorableBlock, StorableBlock]
      await chain.extend([first])
      const before = await contents(disk.store)
      const stranger = { ...second, header: header({ number: 2, parentHash: new Uint8Array(32) }) }
      const jump = { ...second, header: header({ number: 3, parentHash: first.header.hash }) }
      const again = { ...second, header: header({ number: 0 }) }
      for (const blocks of [[third], [stranger], [jump], [again], [second, second], [second, stranger]]) {
        await expect(chain.extend(blocks)).rejects.toMatchObject({ code: 'ERR_INTERNAL' })
      }
      expect(await contents(disk.store)).toEqual(before)
      expect(chain.head.number).toBe(1)
    })

    for (const length of [1, 2, 3, 5]) {
      test(`a branch of ${length} blocks replaces one of 3 (${kind})`, async () => {
        const [base, ...old] = branch(genesis.header, 4) as [StorableBlock, ...StorableBlock[]]
        await chain.extend([base, ...old])
        const fresh = branch(base.header, length, { salt: 1, difficulty: 100n })
        await chain.extend(fresh)
        const check = () => {
          expect(chain.head).toMatchObject({ number: 1 + length, hash: fresh.at(-1)!.header.hash })
          expect(chain.head.totalDifficulty).toBe(7n + 100n * BigInt(length))
          for (const block of fresh) expect(chain.hashAt(block.header.number)).toEqual(block.header.hash)
          expect(chain.hashAt(2 + length)).toBeUndefined()
          expect(chain.headerAt(2 + length)).toBeUndefined()
          for (const { header } of old) {
            expect(chain.header(header.hash)).toEqual(header)
            expect(chain.isCanonical(header.hash)).toBe(false)
          }
        }
        check()
        expect((await chain.stats()).blocks).toBe(2 + length)
        await open()
        check()
        await chain.extend(old) // and back again
        expect(chain.head).toMatchObject({ number: 4, totalDifficulty: 13n })
        expect((await chain.stats()).blocks).toBe(5)
      })
    }

    test(`notes of a sync without blocks are a batch of their own (${kind})`, async () => {
      await chain.extend([], { state: { target: Uint8Array.of(1) } })
      expect(chain.syncState('target')).toEqual(Uint8Array.of(1))
    })
  })

  describe(`receipts (${kind})`, () => {
    const first = async (...kinds: ('given' | 'missing' | 'none')[]) => {
      await chain.extend(branch(tip(), kinds.length, { receipts: (n) => kinds[n - chain.head.number - 1]! }))
      const { firstReceipts, earliest } = chain
      await open()
      expect(chain).toMatchObject({ firstReceipts, earliest })
      return [firstReceipts, earliest]
    }
    beforeEach(async () => {
      await open()
    })

    test(`receipts are complete from the genesis on while every block brings them or has none (${kind})`, async () => {
      expect(await first('given', 'given')).toEqual([0, 0])
      expect(await first('none', 'given')).toEqual([0, 0])
      expect(chain.rawReceipts(chain.hashAt(3)!)).toEqual(Uint8Array.of(0xc0))
    })

    test(`receipts are complete from above the last block that lacks them (${kind})`, async () => {
      expect(await first('missing')).toEqual([2, 1])
      expect(await first('none')).toEqual([2, 2])
      expect(await first('given', 'missing', 'given', 'given')).toEqual([5, 5])
      expect(await first('missing')).toEqual([8, 7])
      expect(chain.rawReceipts(chain.hashAt(7)!)).toBeUndefined()
    })

    test(`receipts are complete again when a branch replaces the blocks that lacked them (${kind})`, async () => {
      await first('given', 'missing', 'missing')
      expect(chain.firstReceipts).toBe(4)
      await chain.extend(branch(chain.headerAt(1)!, 1, { salt: 1 }))
      expect(chain.firstReceipts).toBe(2)
      await chain.extend(branch(genesis.header, 1, { salt: 2 }))
      expect(chain.firstReceipts).toBe(1)
    })
  })

  describe(`reading a chain (${kind})`, () => {
    test(`reading anything that is not stored returns undefined (${kind})`, async () => {
      await (await open()).extend(branch(genesis.header, 2))
      const numbers = fc.oneof(
        fc.constantFrom(3, -1, -0.5, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32, 2 ** 53, Number.MAX_VALUE),
        fc.double(),
      )
      fc.assert(
        fc.property(numbers, (number) => {
          if (number === 0 || number === 1 || number === 2) return
          for (const got of [chain.hashAt(number), chain.headerAt(number), chain.rawHeaderAt(number)]) {
            expect(got).toBeUndefined()
          }
        }),
      )
      const near = [...Array(40).keys()].map((length) => {
        const bytes = new Uint8Array(length)
        bytes.set(genesis.hash.subarray(0, length))
        return bytes
      })
      const hashes = fc.oneof(
        fc.uint8Array({ maxLength: 100 }),
        fc.constantFrom(...near.filter((b) => b.length !== 32)),
      )
      fc.assert(
        fc.property(hashes, (hash) => {
          expect(chain.numberOf(hash)).toBeUndefined()
          expect(chain.header(hash)).toBeUndefined()
          for (const read of ['rawHeader', 'rawBody', 'rawReceipts', 'rawAccessList'] as const) {
            expect(chain[read](hash)).toBeUndefined()
          }
          expect(chain.isCanonical(hash)).toBe(false)
        }),
      )
    })
  })

  describe(`what a sync keeps (${kind})`, () => {
    test(`notes of a sync are kept beside the chain until they are dropped (${kind})`, async () => {
      await open()
      const headers = branch(genesis.header, 9).map(({ header }) => header)
      await chain.writeSync({ state: { a: Uint8Array.of(1), b: Uint8Array.of(2) }, addHeaders: headers })
      await chain.writeSync({})
      await open()
      expect(chain.syncState('a')).toEqual(Uint8Array.of(1))
      expect(chain.syncHeader(9)).toEqual(headers[8]!.raw)
      expect(await chain.stats()).toMatchObject({ blocks: 1, headers: 1 })
      await chain.extend(branch(genesis.header, 2), { state: { a: undefined }, dropHeaders: [1, 2] })
      expect(chain.syncState('a')).toBeUndefined()
      expect(chain.syncState('b')).toEqual(Uint8Array.of(2))
      expect([chain.syncHeader(1), chain.syncHeader(2)]).toEqual([undefined, undefined])
      expect(chain.syncHeader(3)).toEqual(headers[2]!.raw)
      expect(chain.syncHeader(10)).toBeUndefined()
    })
  })
}

test('a failed write changes the chain neither in memory nor on disk', async () => {
  await using disk = await memoryDisk()
  const chain = await ChainStore.open(disk.store, genesis)
  await chain.extend(branch(genesis.header, 3))
  const { head, firstReceipts } = chain
  const before = await contents(disk.store)
  disk.store.failWrites = new StorageError('ERR_STORAGE_FULL', '', 'full')
  const fresh = branch(genesis.header, 2, { salt: 1, receipts: () => 'missing' })
  await expect(chain.extend(fresh, { state: { a: Uint8Array.of(1) } })).rejects.toMatchObject({
    code: 'ERR_STORAGE_FULL',
  })
  await expect(chain.writeSync({ state: { a: Uint8Array.of(1) } })).rejects.toMatchObject({ code: 'ERR_STORAGE_FULL' })
  expect(chain).toMatchObject({ head, firstReceipts })
  disk.store.failWrites = undefined
  expect(await contents(disk.store)).toEqual(before)
  await chain.extend(fresh)
  expect(chain.head.number).toBe(2)
})
