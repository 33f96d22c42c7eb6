import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bytesToHex, compareBytes } from '../base/bytes.ts'
import { StorageError } from '../base/errors.ts'
import { type KeyRange, type KeyValueStore, MemoryStore, type Operation, openLevelStore } from './index.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)
const put = (key: number[], value: number[] = key): Operation => ({
  type: 'put',
  key: bytes(...key),
  value: bytes(...value),
})
const del = (...key: number[]): Operation => ({ type: 'del', key: bytes(...key) })

async function keysOf(store: KeyValueStore, range?: KeyRange): Promise<string[]> {
  const keys: string[] = []
  for await (const [key] of store.iterate(range)) keys.push(bytesToHex(key))
  return keys
}

describe.each(['level', 'memory'])('a store (%s)', (kind) => {
  let folder: string
  let store: KeyValueStore

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'peerloom-store-'))
    store = kind === 'level' ? await openLevelStore(join(folder, 'db')) : new MemoryStore()
  })

  afterEach(async () => {
    await store.close()
    await rm(folder, { recursive: true })
  })

  test('a store returns what was written, as plain bytes', async () => {
    await store.write([put([1], [10, 11]), put([2], [])])
    expect(store.get(bytes(1))).toStrictEqual(bytes(10, 11))
    expect(store.get(bytes(2))).toStrictEqual(bytes())
    expect(store.get(bytes(3))).toBeUndefined()
    expect([store.has(bytes(2)), store.has(bytes(3))]).toEqual([true, false])
    expect(await store.getMany([bytes(3), bytes(1)])).toStrictEqual([undefined, bytes(10, 11)])
  })

  test('a store lets the later operation on a key win, within a batch and between batches that are not awaited', async () => {
    const writes = [store.write([put([1], [1]), del(1), put([1], [2]), put([2])])]
    for (let i = 0; i < 50; i++) writes.push(store.write([put([1], [i])]))
    writes.push(store.deleteRange(bytes(2), bytes(3)), store.write([put([3])]))
    await Promise.all(writes)
    expect(store.get(bytes(1))).toEqual(bytes(49))
    expect(await keysOf(store)).toEqual(['01', '03'])
  })

  test('a store copies what is written and what it returns', async () => {
    const value = bytes(1)
    await store.write([{ type: 'put', key: bytes(1), value }])
    value[0] = 9
    const got = store.get(bytes(1))
    if (got) got[0] = 8
    expect(store.get(bytes(1))).toEqual(bytes(1))
  })

  test('a store iterates in the order of unsigned bytes, shorter keys first', async () => {
    await store.write([put([0xff]), put([0x7f, 0]), put([0x80]), put([]), put([0x7f])])
    expect(await keysOf(store)).toEqual(['', '7f', '7f00', '80', 'ff'])
    expect(await keysOf(store, { reverse: true })).toEqual(['ff', '80', '7f00', '7f', ''])
  })

  test('a store iterates ranges that include the first bound and not the last, up to a limit', async () => {
    await store.write([1, 2, 3, 4, 5].map((key) => put([key])))
    expect(await keysOf(store, { gte: bytes(2), lt: bytes(4) })).toEqual(['02', '03'])
    expect(await keysOf(store, { gte: bytes(2), lt: bytes(5), reverse: true, limit: 2 })).toEqual(['04', '03'])
    expect(await keysOf(store, { gte: bytes(6) })).toEqual([])
    expect(await keysOf(store, { gte: bytes(4), lt: bytes(2) })).toEqual([])
    expect(await keysOf(store, { limit: 0 })).toEqual([])
    for await (const [, value] of store.iterate({ keysOnly: true })) expect(value).toEqual(bytes())
  })

  test('a store agrees with a sorted list on every range', async () => {
    const key = fc.uint8Array({ maxLength: 3 })
    const range = fc.record({ gte: key, lt: key, reverse: fc.boolean(), limit: fc.nat(5) }, { requiredKeys: [] })
    const all = fc.sample(key, { numRuns: 60, seed: 1 })
    await store.write(all.map((k) => ({ type: 'put', key: k, value: k })))
    const sorted = [...new Set(all.map(bytesToHex))]
      .map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')))
      .sort(compareBytes)
    await fc.assert(
      fc.asyncProperty(range, async (r) => {
        const { gte, lt } = r
        const inside = sorted.filter((k) => (!gte || compareBytes(k, gte) >= 0) && (!lt || compareBytes(k, lt) < 0))
        const wanted = (r.reverse ? inside.reverse() : inside).slice(0, r.limit ?? inside.length)
        expect(await keysOf(store, r)).toEqual(wanted.map(bytesToHex))
      }),
    )
  })

  test('a store iterates a snapshot, whatever is written meanwhile', async () => {
    await store.write(Array.from({ length: 3000 }, (_, i) => put([i >> 8, i & 255])))
    let seen = 0
    for await (const [key] of store.iterate()) {
      if (seen++ === 0) await store.write([put([0xff]), del(11, 0)])
      expect(key).not.toEqual(bytes(0xff))
    }
    expect(seen).toBe(3000)
  })

  test('a store goes on after a loop that was left early', async () => {
    await store.write([put([1]), put([2])])
    for await (const _ of store.iterate()) break
    expect(await keysOf(store)).toEqual(['01', '02'])
  })

  test('a store deletes a range', async () => {
    await store.write([1, 2, 3, 4].map((key) => put([key])))
    await store.deleteRange(bytes(2), bytes(4))
    expect(await keysOf(store)).toEqual(['01', '04'])
  })

  test('a store that closes finishes the writes in flight and refuses later calls', async () => {
    const write = store.write([put([1])])
    const closing = store.close()
    await write
    await closing
    await store.close()
    const closed = expect.objectContaining({ code: 'ERR_STORAGE_CLOSED' })
    expect(() => store.get(bytes(1))).toThrow(StorageError)
    expect(() => store.has(bytes(1))).toThrow(closed)
    await expect(store.getMany([bytes(1)])).rejects.toEqual(closed)
    await expect(store.write([put([1])])).rejects.toEqual(closed)
    await expect(store.deleteRange(bytes(1), bytes(2))).rejects.toEqual(closed)
    await expect(keysOf(store)).rejects.toEqual(closed)
  })

  test('a store that closes ends open loops with an error', async () => {
    await store.write(Array.from({ length: 3000 }, (_, i) => put([i >> 8, i & 255])))
    const loop = (async () => {
      for await (const _ of store.iterate()) await store.close()
    })()
    await expect(loop).rejects.toMatchObject({ code: 'ERR_STORAGE_CLOSED' })
  })
})

test('a store in memory fails its writes on demand without changing anything', async () => {
  await using store = new MemoryStore()
  await store.write([put([1])])
  const full = new StorageError('ERR_STORAGE_FULL', '', 'no space left')
  store.failWrites = full
  await expect(store.write([put([2])])).rejects.toBe(full)
  await expect(store.deleteRange(bytes(1), bytes(2))).rejects.toBe(full)
  store.failWrites = undefined
  expect(await keysOf(store)).toEqual(['01'])
})
