import { execFileSync } from 'node:child_process'
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readOrCreateNodeKey } from '../../node/folder.ts'
import { MemoryStore } from '../../storage/index.ts'
import { ChainStore, type Genesis } from '../chain/index.ts'
import { type Header, readItems } from '../types/index.ts'
import { ChainFolder, removeChain } from './chain-folder.ts'
import { demoChain, loadDemoChain } from './demo-chain.ts'
import { exportChainFile } from './export-chain.ts'
import { readGenesisFile } from './genesis-file.ts'
import { importChainFile } from './import-chain.ts'

const assets = fileURLToPath(new URL('../../../assets/demo/', import.meta.url))
const file = join(assets, 'chain.rlp')
const bytes = readFileSync(file)
const offsets: number[] = []
for (let at = 0, items = readItems(bytes); ; ) {
  offsets.push(at)
  const item = items.next().value as Uint8Array | undefined
  if (!item) break
  at += item.length
}

let folder: string
let genesis: Genesis

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'peerloom-node-'))
  genesis = await readGenesisFile(join(assets, 'genesis.json'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const newChain = (): Promise<ChainStore> => ChainStore.open(new MemoryStore(), genesis)
const write = (name: string, data: Uint8Array): string => {
  writeFileSync(join(folder, name), data)
  return join(folder, name)
}

describe('importChainFile', () => {
  test('an import adds the blocks after the head, and skips known ones', async () => {
    const chain = await newChain()
    const part = write('part.rlp', bytes.subarray(0, offsets[100]))
    expect(await importChainFile(chain, part)).toMatchObject({ blocks: 100, imported: 100 })
    expect(await importChainFile(chain, file)).toEqual({ blocks: 320, imported: 220, bytes: bytes.length })
    expect(chain.head.number).toBe(320)
  })

  test('imported blocks have no receipts, and the chain announces none', async () => {
    const chain = await newChain()
    await importChainFile(chain, file)
    const last = Array.from({ length: 320 }, (_, i) => chain.headerAt(i + 1) as Header).findLast(
      (each) => each.gasUsed > 0n,
    )
    expect(chain.rawReceipts(last?.hash as Uint8Array)).toBeUndefined()
    expect(chain.firstReceipts).toBe((last?.number as number) + 1)
  })

  test('a damaged block is refused, and the blocks before it are kept', async () => {
    const bad = Uint8Array.from(bytes)
    const inBody = (offsets[201] as number) - 3
    bad[inBody] = (bad[inBody] as number) ^ 1
    const chain = await newChain()
    await expect(importChainFile(chain, write('bad.rlp', bad))).rejects.toMatchObject({ code: 'ERR_CHAIN_FILE' })
    expect(chain.head.number).toBe(200)
  })

  test('a file with a gap, a truncated file and a file that is no chain are refused', async () => {
    const chain = await newChain()
    const gap = write('gap.rlp', bytes.subarray(offsets[5]))
    await expect(importChainFile(chain, gap)).rejects.toThrow(/block 6 does not follow block 0/)
    const cut = write('cut.rlp', bytes.subarray(0, (offsets[7] as number) + 10))
    await expect(importChainFile(chain, cut)).rejects.toThrow(/after block 7: /)
    const text = write('text.rlp', Buffer.from('not a chain'))
    await expect(importChainFile(chain, text)).rejects.toThrow(/text\.rlp: at its beginning: /)
    await expect(importChainFile(chain, join(folder, 'none'))).rejects.toMatchObject({ field: 'file' })
    await expect(importChainFile(chain, folder)).rejects.toMatchObject({ field: 'file' })
  })

  test('an interrupted import rejects with the reason of the signal', async () => {
    const stop = new AbortController()
    const reason = new Error('stop')
    const chain = await newChain()
    const onProgress = (): void => stop.abort(reason)
    await expect(importChainFile(chain, file, { signal: stop.signal, onProgress })).rejects.toBe(reason)
    expect(chain.head.number).toBeGreaterThan(0)
  })

  test('receipts of another block are refused', async () => {
    const receipts = [Uint8Array.of(0xc0)].values()
    await expect(importChainFile(await newChain(), file, { receipts })).rejects.toThrow(/block 1: /)
  })
})

describe('exportChainFile', () => {
  test('an exported range can be imported, and no temporary file is left', async () => {
    const chain = await newChain()
    await importChainFile(chain, file)
    const out = join(folder, 'out.rlp')
    await exportChainFile(chain, out)
    expect(readFileSync(out).equals(bytes)).toBe(true)
    expect(await exportChainFile(chain, out, { first: 10, last: 19 })).toMatchObject({ blocks: 10 })
    expect(readFileSync(out).equals(bytes.subarray(offsets[9], offsets[19]))).toBe(true)
    await expect(exportChainFile(chain, out, { last: 999 })).rejects.toMatchObject({ field: 'last' })
    await expect(exportChainFile(chain, join(folder, 'no', 'x'))).rejects.toMatchObject({ field: 'file' })
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })
})

describe.skipIf(process.platform === 'win32')('exportChainFile into links, pipes and devices', () => {
  test('an export follows a link and writes into a pipe, and replaces neither', async () => {
    const chain = await newChain()
    await importChainFile(chain, file)
    const link = join(folder, 'link')
    symlinkSync('behind.rlp', link)
    writeFileSync(join(folder, 'behind.rlp'), 'old')
    await exportChainFile(chain, link)
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(readFileSync(join(folder, 'behind.rlp')).equals(bytes)).toBe(true)
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    const [read] = await Promise.all([readFile(pipe), exportChainFile(chain, pipe)])
    expect(read.equals(bytes)).toBe(true)
    expect(lstatSync(pipe).isFIFO()).toBe(true)
  })

  test.runIf(process.platform === 'linux')('an export to a full device fails with the cause', async () => {
    const chain = await newChain()
    await importChainFile(chain, file)
    const full = join(folder, 'full')
    symlinkSync('/dev/full', full)
    await expect(exportChainFile(chain, full)).rejects.toMatchObject({
      code: 'ERR_CHAIN_FILE',
      cause: { code: 'ENOSPC' },
    })
    expect(lstatSync(full).isSymbolicLink()).toBe(true)
  })
})

describe('the bundled chain', () => {
  test('the bundled chain is complete: every receipt and access list matches its header', async () => {
    const demo = await demoChain()
    const chain = await ChainStore.open(await loadDemoChain(demo))
    expect(chain.head).toMatchObject({ number: demo.headNumber, hash: demo.headHash })
    expect(chain.earliest).toBe(0)
    expect(chain.rawAccessList(demo.headHash)).toBeDefined()
  })
})

describe('ChainFolder', () => {
  test('a folder is created on demand, keeps its key, and opens again without a genesis', async () => {
    const path = join(folder, 'data')
    await expect(ChainFolder.open(path)).rejects.toMatchObject({ field: 'dataDir' })
    const first = await ChainFolder.open(path, genesis)
    const key = await readOrCreateNodeKey(path)
    await expect(ChainFolder.open(path)).rejects.toMatchObject({ code: 'ERR_STORAGE_LOCKED' })
    await first.close()
    await using second = await ChainFolder.open(path)
    expect((await readOrCreateNodeKey(path)).id).toEqual(key.id)
    expect(second.chain.genesisHash).toEqual(genesis.hash)
    expect(await second.size()).toBeGreaterThan(0)
  })

  test.runIf(process.platform === 'linux')('a folder that cannot be created is refused with the reason', async () => {
    await expect(ChainFolder.open('/sys/peerloom/a/b', genesis)).rejects.toMatchObject({
      field: 'dataDir',
      message: expect.stringMatching(/: E(PERM|ACCES|ROFS)$/),
    })
  })

  test('removeChain removes the chain alone, and only that of the genesis', async () => {
    const path = join(folder, 'removed')
    await removeChain(path, genesis)
    await using opened = await ChainFolder.open(path, genesis)
    await readOrCreateNodeKey(path)
    await expect(removeChain(path, genesis)).rejects.toMatchObject({ code: 'ERR_STORAGE_LOCKED' })
    await opened.close()
    await removeChain(path, genesis)
    expect(readdirSync(join(path, 'peerloom'))).toEqual(['nodekey'])
  })
})
