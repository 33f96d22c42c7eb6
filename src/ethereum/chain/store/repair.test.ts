import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { branch, branchGenesis, type Disk, levelDisk, memoryDisk } from '../../../../test/support/branches.ts'
import type { Operation } from '../../../storage/index.ts'
import { ChainStore } from './chain-store.ts'
import { blockKey, canonicalKey, encodeNumber, metaKey, numberOfKey, Prefix } from './schema.ts'

const genesis = branchGenesis()
const blocks = branch(genesis.header, 20, { receipts: (n) => (n <= 8 ? 'missing' : 'given') })
const hashes = [genesis.hash, ...blocks.map(({ header }) => header.hash)]
const del = (key: Uint8Array): Operation => ({ type: 'del', key })
const put = (key: Uint8Array, value: Uint8Array): Operation => ({ type: 'put', key, value })
const keyOf = (prefix: Parameters<typeof blockKey>[0], number: number) => blockKey(prefix, number, hashes[number]!)
const flipped = (number: number, at: number) => {
  const raw = blocks[number - 1]!.header.raw.slice()
  raw[at]! ^= 0x40
  return put(keyOf(Prefix.Header, number), raw)
}

for (const [kind, makeDisk] of Object.entries({ memory: memoryDisk, level: levelDisk })) {
  describe(`a chain of 20 blocks (${kind})`, () => {
    let disk: Disk
    beforeEach(async () => {
      disk = await makeDisk()
      await (await ChainStore.open(disk.store, genesis)).extend(blocks)
    })
    afterEach(() => disk[Symbol.asyncDispose]())

    /** Opens the damaged chain, and checks that the next opening repairs nothing and that the chain can be extended. */
    async function openAfter(...damage: Operation[]): Promise<ChainStore> {
      await disk.store.write(damage)
      const mended = await ChainStore.open(await disk.reopen())
      const { head, firstReceipts } = mended
      expect(head.hash).toEqual(hashes[head.number])
      expect(head.totalDifficulty).toBe(5n + 2n * BigInt(head.number))
      expect((await mended.stats()).blocks).toBe(head.number + 1)
      const again = await ChainStore.open(await disk.reopen(), genesis)
      expect(again).toMatchObject({ repaired: undefined, head, firstReceipts })
      await again.extend(blocks.slice(head.number))
      expect(again.head).toMatchObject({ number: 20, totalDifficulty: 45n })
      return mended
    }

    test(`an undamaged chain is opened without a repair (${kind})`, async () => {
      expect((await openAfter()).repaired).toBeUndefined()
    })

    test(`the head is found when its note is lost or damaged (${kind})`, async () => {
      expect((await openAfter(del(metaKey('head')))).repaired).toEqual({ from: undefined, to: 20 })
      const absurd = put(metaKey('head'), new Uint8Array(32))
      expect((await openAfter(absurd)).repaired).toEqual({ from: undefined, to: 20 })
      expect((await openAfter(put(metaKey('head'), Uint8Array.of(1)))).repaired).toEqual({ from: undefined, to: 20 })
    })

    test(`the head goes back one block when it lost its body, header, receipts, canonical entry or difficulty (${kind})`, async () => {
      for (const damage of [
        del(keyOf(Prefix.Body, 20)),
        del(keyOf(Prefix.Header, 20)),
        del(keyOf(Prefix.Receipts, 20)),
        del(keyOf(Prefix.TotalDifficulty, 20)),
        del(canonicalKey(20)),
      ]) {
        expect((await openAfter(damage)).repaired).toEqual({ from: 20, to: 19 })
      }
    })

    test(`the number of the head is restored when it is lost or damaged (${kind})`, async () => {
      expect((await openAfter(del(numberOfKey(hashes[20]!)))).repaired).toEqual({ from: undefined, to: 20 })
      for (const wrong of [encodeNumber(19), encodeNumber(2 ** 52), Uint8Array.of(1), new Uint8Array(8).fill(255)]) {
        expect((await openAfter(put(numberOfKey(hashes[20]!), wrong))).repaired?.to).toBe(20)
      }
    })

    test(`the head goes back past damaged headers (${kind})`, async () => {
      for (const at of [0, 1, 40, 300, 400]) {
        expect((await openAfter(flipped(20, at), flipped(19, at))).repaired).toEqual({ from: 20, to: 18 })
      }
    })

    test(`the head goes back below a gap (${kind})`, async () => {
      const gap = [18, 19].flatMap((number) => [del(canonicalKey(number)), del(keyOf(Prefix.Header, number))])
      expect((await openAfter(...gap, del(keyOf(Prefix.Body, 20)))).repaired).toEqual({ from: 20, to: 17 })
    })

    test(`the highest block above a gap is found when the note of the head is lost, too (${kind})`, async () => {
      await disk.store.write([del(metaKey('head')), del(canonicalKey(8))])
      const mended = await ChainStore.open(await disk.reopen())
      expect(mended.repaired).toEqual({ from: undefined, to: 20 })
      expect((await ChainStore.open(await disk.reopen())).repaired).toBeUndefined()
    })

    test(`the head goes back to the genesis when every body above is lost (${kind})`, async () => {
      const mended = await openAfter(...blocks.map(({ header }) => del(keyOf(Prefix.Body, header.number))))
      expect(mended.repaired).toEqual({ from: 20, to: 0 })
      expect(mended.firstReceipts).toBe(0) // a block without receipts counts as one that has them
    })

    test(`the range of receipts is restored when its note is lost or damaged (${kind})`, async () => {
      for (const damage of [
        del(metaKey('receipts')),
        put(metaKey('receipts'), Uint8Array.of(7)),
        put(metaKey('receipts'), encodeNumber(2 ** 50)),
      ]) {
        const mended = await openAfter(damage)
        expect(mended.repaired).toEqual({ from: 20, to: 20 })
        expect(mended.firstReceipts).toBe(9)
      }
      expect((await openAfter(del(metaKey('receipts')), del(keyOf(Prefix.Body, 20)))).firstReceipts).toBe(9)
      expect((await openAfter(del(keyOf(Prefix.Body, 20)))).firstReceipts).toBe(9)
    })

    test(`a chain without an intact genesis is not opened (${kind})`, async () => {
      const bodies = hashes.map((_, number) => del(keyOf(Prefix.Body, number)))
      const index = hashes.map((_, number) => del(canonicalKey(number)))
      const corrupt = { code: 'ERR_STORAGE_CORRUPT' }
      await disk.store.write(bodies)
      await expect(ChainStore.open(await disk.reopen(), genesis)).rejects.toMatchObject(corrupt)
      await disk.store.write(index)
      await expect(ChainStore.open(await disk.reopen(), genesis)).rejects.toMatchObject(corrupt)
    })

    test(`a damaged header below the head is reported when it is read (${kind})`, async () => {
      await disk.store.write([flipped(5, 0)])
      const chain = await ChainStore.open(await disk.reopen())
      expect(() => chain.headerAt(5)).toThrow(expect.objectContaining({ code: 'ERR_STORAGE_CORRUPT' }))
      expect(() => chain.header(hashes[5]!)).toThrow(expect.objectContaining({ code: 'ERR_STORAGE_CORRUPT' }))
    })
  })
}
