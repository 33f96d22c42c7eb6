import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoBlocks } from '../../../test/support/demo-chain.ts'
import { concatBytes } from '../../base/bytes.ts'
import { yieldNow } from '../../base/yield-budget.ts'
import { rlp } from '../../codec/index.ts'
import { MemoryStore } from '../../storage/index.ts'
import { ChainStore } from '../chain/index.ts'
import { demoChain } from './demo-chain.ts'
import { exportChainFile } from './export-chain.ts'
import { importChainFile } from './import-chain.ts'
import { readChainFile } from './packed-file.ts'

let folder: string
let made = 0
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'peerloom-packed-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const plain = concatBytes(...demoBlocks.map(({ raw }) => raw))
const gz = gzipSync(plain)
const nothing = gzipSync(new Uint8Array(0))
const write = (data: Uint8Array, name = 'chain.rlp.gz'): string => {
  const path = join(folder, `${made++}-${name}`)
  writeFileSync(path, data)
  return path
}
const newChain = async (): Promise<ChainStore> => ChainStore.open(new MemoryStore(), (await demoChain()).genesis)

async function importBytes(data: Uint8Array, name?: string): Promise<{ head: number; error: string | undefined }> {
  const chain = await newChain()
  const path = write(data, name)
  const error = await importChainFile(chain, path).then(
    () => undefined,
    (reason: Error & { code?: string }) => {
      expect(reason.code).toBe('ERR_CHAIN_FILE')
      expect(reason.message).toContain(path)
      return reason.message.slice(path.length)
    },
  )
  return { head: chain.head.number, error }
}

test('a packed file is imported, and its bytes are those of the packed file', async () => {
  const chain = await newChain()
  const progress: number[] = []
  const onProgress = ({ bytes }: { bytes: number }): number => progress.push(bytes)
  const result = await importChainFile(chain, write(gz), { onProgress })
  expect(result).toEqual({ blocks: 320, imported: 320, bytes: gz.length })
  expect(progress.every((bytes) => bytes <= gz.length)).toBe(true)
  expect(chain.head.number).toBe(320)
})

test('an export to a name that ends in .gz is packed, and no other is', async () => {
  const chain = await newChain()
  await importChainFile(chain, write(plain, 'chain.rlp'))
  for (const [name, unpack] of [
    ['out.gz', gunzipSync],
    ['out.GZ', (bytes: Buffer) => bytes],
    ['out.gz.rlp', (bytes: Buffer) => bytes],
  ] as const) {
    const path = join(folder, name)
    const { blocks, bytes } = await exportChainFile(chain, path)
    const written = readFileSync(path)
    expect({ blocks, bytes }).toEqual({ blocks: 320, bytes: written.length })
    expect(unpack(written).equals(plain)).toBe(true)
  }
})

test('a packed export that is interrupted leaves no file', async () => {
  const chain = await newChain()
  await importChainFile(chain, write(plain, 'chain.rlp'))
  const path = join(folder, 'interrupted.gz')
  const signal = AbortSignal.abort(new Error('stop'))
  await expect(exportChainFile(chain, path, { signal })).rejects.toThrow('stop')
  expect(() => readFileSync(path)).toThrow('ENOENT')
})

test('a packed file of several members is read to its end, wherever they are cut', async () => {
  const cut = plain.length / 2
  const members = [nothing, gzipSync(plain.subarray(0, cut)), nothing, gzipSync(plain.subarray(cut)), nothing]
  expect(await importBytes(concatBytes(...members))).toEqual({ head: 320, error: undefined })
  expect(await importBytes(nothing)).toEqual({ head: 0, error: undefined })
})

/** The sentence of a file that was read up to its last whole block. */
const upTo = (what: string, head: number): { head: number; error: string } => ({
  head,
  error: head === 0 ? what : `${what}; it was read up to block ${head}`,
})

test('a packed file that is cut off is refused in one line, and its whole blocks are kept', async () => {
  const half = await importBytes(gz.subarray(0, gz.length / 2))
  expect(half.head).toBeGreaterThan(50)
  expect(half).toEqual(upTo(' ends before its gzip data does', half.head))
  for (const bytes of [gz.subarray(0, 0), gz.subarray(0, 1), gz.subarray(0, 5)])
    expect(await importBytes(bytes)).toEqual(upTo(' ends before its gzip data does', 0))
  for (const bytes of [gz.subarray(0, -1), gz.subarray(0, -8), concatBytes(gz, gz.subarray(0, 4))])
    expect(await importBytes(bytes)).toEqual(upTo(' ends before its gzip data does', 320))
})

test('damaged gzip data is refused in one line, also when only its checksum is wrong', async () => {
  const checksum = Buffer.from(gz)
  checksum[gz.length - 6]! ^= 1
  const read = await importBytes(checksum)
  expect(read).toEqual(upTo(' has damaged gzip data', read.head))
  const header = Buffer.from(gz)
  header[2] = 9
  expect(await importBytes(header)).toEqual(upTo(' has damaged gzip data', 0))
})

test('data after the gzip data is refused, also zeros and what follows them', async () => {
  const zeros = new Uint8Array(9)
  for (const more of [[zeros], [zeros, gz], [Buffer.from('rubbish')], [new Uint8Array(3 << 20)]]) {
    const read = await importBytes(concatBytes(gz, ...more))
    expect(read).toEqual(upTo(' has other data after the end of its gzip data', read.head))
    expect(read.head).toBeGreaterThan(100)
  }
  const early = await importBytes(concatBytes(nothing, Buffer.from('rubbish')))
  expect(early).toEqual(upTo(' has other data after the end of its gzip data', 0))
})

test('an era file is refused as one', async () => {
  const era = Uint8Array.of(0x65, 0x32, 0, 0, 0, 0, 0, 0, 3, 0, 0xc2, 0)
  const error = ' is an era file (`geth export-history`), which is not read: `geth export` writes the blocks'
  expect(await importBytes(era, 'mainnet-00000-5ec1ffb8.era1')).toEqual({ head: 0, error })
  expect((await importBytes(Uint8Array.of(0x65, 0x32), 'short.rlp')).error).toMatch(/^: at its beginning: /)
})

test('a file whose packing is not what its name says is refused with what it is', async () => {
  const cases: readonly (readonly [Uint8Array, string, string])[] = [
    [gz, 'chain.rlp', " is packed by gzip, which takes a name that ends in '.gz'"],
    [plain, 'chain.gz', " is not packed by gzip, though its name ends in '.gz'"],
    [gzipSync(gz), 'chain.gz.gz', ' is packed by gzip twice'],
    [gzipSync(nothing), 'chain.gz.gz', ' is packed by gzip twice'],
  ]
  for (const [bytes, name, error] of cases) expect(await importBytes(bytes, name)).toEqual({ head: 0, error })
})

/** Unpacks to 1 GiB. */
const bomb = (): Uint8Array => {
  const member = gzipSync(new Uint8Array(8 << 20))
  return concatBytes(...Array.from({ length: 128 }, () => member))
}

test('a gzip bomb is not unpacked ahead of its reader', async () => {
  const bytes = bomb()
  const { chunks, packedBytes } = readChainFile(write(bytes))
  let read = 0
  for await (const chunk of chunks) {
    expect(chunk.length).toBeLessThanOrEqual(256 << 10)
    read += chunk.length
    for (let turn = 0; turn < 50; turn++) await yieldNow()
    if (read >= 4 << 20) break
  }
  expect(packedBytes()).toBeLessThan(bytes.length / 50)
})

test('a gzip bomb that claims to be a block is refused by its length', async () => {
  const length = gzipSync(Uint8Array.of(0xfb, 0x3f, 0xff, 0xff, 0xff))
  const { head, error } = await importBytes(concatBytes(length, bomb()))
  expect(head).toBe(0)
  expect(error).toMatch(/^: at its beginning: item of 1073741828 bytes, at most 67108864/)
})

test('a block that is small when packed and over the limit when unpacked is refused', async () => {
  const body = new Uint8Array(65 << 20)
  const block = rlp.encodeListOfRaw([body])
  const { head, error } = await importBytes(concatBytes(gz, gzipSync(block, { level: 1 })))
  expect(head).toBe(320)
  expect(error).toMatch(/^: after block 320: item of \d+ bytes, at most 67108864/)
})
