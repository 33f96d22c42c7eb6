import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoAccessLists, demoBlocks } from '../../../test/support/demo-chain.ts'
import { bytesTo0x, concatBytes } from '../../base/bytes.ts'
import { MemoryStore } from '../../storage/index.ts'
import { ChainStore, type Genesis, parseGenesis } from '../chain/index.ts'
import { Block, Header } from '../types/index.ts'
import { type DemoChain, demoChain, loadDemoChain } from './demo-chain.ts'
import { exportChainFile } from './export-chain.ts'
import { type ImportResult, importChainFile } from './import-chain.ts'
import { explainDifference } from './wrong-order.ts'

let folder: string
let made = 0
let demo: DemoChain
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'peerloom-import-'))
  demo = await demoChain()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const raws = demoBlocks.map(({ raw }) => raw)
/** The blocks as geth exports them, from block 1 on. */
const exported = demoBlocks.map(({ header, body }, i) => {
  const accessList = header.blockAccessListHash && demoAccessLists[i]
  return new Block(header, body, undefined, accessList).exported
})
const newPath = (): string => join(folder, `${made++}.rlp`)
const newChain = (): Promise<ChainStore> => ChainStore.open(new MemoryStore(), demo.genesis)
const genesisBlock = ({ header, body }: Genesis): Uint8Array => new Block(header, body).raw

function importOf(chain: ChainStore, ...blocks: readonly Uint8Array[]): Promise<ImportResult> {
  const path = newPath()
  writeFileSync(path, concatBytes(...blocks))
  return importChainFile(chain, path)
}

/** A chain whose head is this block. */
async function chainTo(head: number): Promise<ChainStore> {
  const chain = await newChain()
  await importOf(chain, ...raws.slice(0, head))
  return chain
}

/** Imports blocks after a head, and gives what is said about them, and the head after it. */
async function refusal(head: number, ...blocks: readonly Uint8Array[]): Promise<readonly [string, number]> {
  const chain = await chainTo(head)
  const error = await importOf(chain, ...blocks).then(
    () => 'imported',
    ({ code, message }: Error & { code: string }) => `${code} ${message.replace(/^.*?\.rlp: /, '')}`,
  )
  return [error, chain.head.number]
}

const block = (number: number): Uint8Array => raws[number - 1]!
const blocks = (first: number, last: number): Uint8Array[] => raws.slice(first - 1, last)
/** Another block of this number, on a parent of its own or on that of the chain. */
function other(number: number, parentHash?: Uint8Array): Block {
  const { header, body } = demoBlocks[number - 1]!
  const fields = { ...header, extraData: Uint8Array.of(7), ...(parentHash && { parentHash }) }
  return new Block(Header.from(fields), body)
}
const stranger = new Uint8Array(32).fill(9)

test('a file of five elements a block is imported with its access lists, and exported byte for byte', async () => {
  const chain = await newChain()
  expect(await importOf(chain, ...exported)).toMatchObject({ blocks: 320, imported: 320 })
  const stored = demoBlocks.map(({ hash }) => chain.rawAccessList(hash))
  const expected = demoBlocks.map(({ header }, i) => (header.blockAccessListHash ? demoAccessLists[i] : undefined))
  expect(stored.map((list) => list && bytesTo0x(list))).toEqual(expected.map((list) => list && bytesTo0x(list)))
  expect(stored.filter(Boolean).length).toBeGreaterThan(10)
  const path = newPath()
  await exportChainFile(chain, path)
  expect(readFileSync(path).equals(concatBytes(...exported))).toBe(true)
})

test('a chain with access lists is exported with five elements, and one without them with four', async () => {
  const path = newPath()
  await exportChainFile(await ChainStore.open(await loadDemoChain(demo)), path)
  expect(readFileSync(path).equals(concatBytes(...exported))).toBe(true)
  await exportChainFile(await chainTo(320), path)
  expect(readFileSync(path).equals(concatBytes(...raws))).toBe(true)
})

test('a file may have access lists for some of its blocks', async () => {
  const chain = await newChain()
  await importOf(chain, ...exported.slice(0, 319), raws[319]!)
  expect(chain.head.number).toBe(320)
  expect(chain.rawAccessList(chain.head.hash)).toBeUndefined()
  expect(chain.rawAccessList(demoBlocks[318]!.hash)).toBeDefined()
})

test('an access list that is not that of the header is refused, as is one before Amsterdam', async () => {
  const { header, body } = demoBlocks[319]!
  const false320 = new Block(header, body, undefined, demoAccessLists[318]).exported
  const [error, head] = await refusal(300, ...blocks(301, 319), false320)
  expect(error).toMatch(/^ERR_CHAIN_FILE block 320: got 0x[0-9a-f]{64}, expected 0x[0-9a-f]{64} \(ERR_ACCESS_LIST\)$/)
  expect(head).toBe(319)
  const early = new Block(demoBlocks[0]!.header, demoBlocks[0]!.body, undefined, Uint8Array.of(0xc0)).exported
  expect(await refusal(0, early)).toEqual([
    expect.stringMatching(/^ERR_CHAIN_FILE block 1 has an access list, to which its header does not commit$/),
    0,
  ])
})

test('the genesis block in a file is passed over and not counted, wherever it is', async () => {
  const chain = await newChain()
  const zero = genesisBlock(demo.genesis)
  expect(await importOf(chain, zero)).toEqual({ blocks: 0, imported: 0, bytes: zero.length })
  const result = await importOf(chain, zero, ...blocks(1, 10), zero, ...blocks(11, 12))
  expect(result).toMatchObject({ blocks: 12, imported: 12 })
  expect(chain.head.number).toBe(12)
})

test("another chain's genesis block in a file is refused as such", async () => {
  const genesis = parseGenesis(JSON.stringify({ config: { chainId: 7 }, difficulty: 5 }))
  const [error, head] = await refusal(0, genesisBlock(genesis), ...raws)
  const hashes = `${bytesTo0x(genesis.hash)}; that of the data folder is ${bytesTo0x(demo.genesis.hash)}`
  expect(error).toBe(`ERR_CHAIN_FILE block 0 is the genesis block of another chain, ${hashes}`)
  expect(head).toBe(0)
})

test('a file that overlaps the chain adds what is after the head', async () => {
  for (const [head, first] of [
    [100, 1],
    [100, 50],
    [100, 100],
    [100, 101],
  ] as const) {
    const chain = await chainTo(head)
    const result = await importOf(chain, ...blocks(first, 120))
    expect(result).toMatchObject({ blocks: 121 - first, imported: 20 })
    expect(chain.head.number).toBe(120)
  }
})

test('ranges of a file that overlap each other add each block once', async () => {
  const chain = await chainTo(10)
  const result = await importOf(chain, ...blocks(1, 300), ...blocks(250, 310), ...blocks(305, 320))
  expect(result).toMatchObject({ blocks: 300 + 61 + 16, imported: 310 })
  expect(chain.head.number).toBe(320)
})

test('a file that is not the chain, or not all of it, is explained by what is wrong with it', async () => {
  const onlyAdds = 'and an import only adds blocks after the head'
  const differs = 'block 50 differs from the block of this number in the data folder'
  const cases: readonly (readonly [head: number, blocks: readonly Uint8Array[], error: string, after: number])[] = [
    [
      0,
      blocks(6, 9),
      'block 6 does not follow block 0, the head of the data folder: blocks 1 to 5 are missing between them',
      0,
    ],
    [
      4,
      blocks(6, 9),
      'block 6 does not follow block 4, the head of the data folder: block 5 is missing between them',
      4,
    ],
    [
      4,
      [...blocks(3, 6), ...blocks(9, 12)],
      'block 9 does not follow block 6: blocks 7 to 8 are missing before it in the file',
      6,
    ],
    [
      9,
      [...blocks(1, 5), ...blocks(11, 12)],
      'block 11 does not follow block 9: block 10 is missing before it in the file',
      9,
    ],
    [
      0,
      [other(1, stranger).raw],
      'block 1 does not follow block 0, the genesis block of the data folder: the file is of another chain',
      0,
    ],
    [
      9,
      [other(1, stranger).raw],
      'block 1 does not follow block 0, the genesis block of the data folder: the file is of another chain',
      9,
    ],
    [
      90,
      [other(50).raw],
      `${differs}, and both follow block 49: the file has another branch of the chain, ${onlyAdds}`,
      90,
    ],
    [
      90,
      [...blocks(1, 49), other(50).raw],
      `${differs}, and both follow block 49: the file has another branch of the chain, ${onlyAdds}`,
      90,
    ],
    [
      90,
      [other(50, stranger).raw],
      `${differs}, and so does its parent: the file is of another branch or another chain, ${onlyAdds}`,
      90,
    ],
    [
      90,
      [block(49), other(50, stranger).raw],
      'block 50 does not follow block 49 before it in the file: its parent is another block',
      90,
    ],
    [
      9,
      [other(10, stranger).raw],
      'block 10 does not follow block 9, the head of the data folder: its parent is another block 9, so that the file is of another branch or another chain',
      9,
    ],
    [
      9,
      [block(9), other(10, stranger).raw],
      'block 10 does not follow block 9 before it in the file: its parent is another block',
      9,
    ],
    [
      5,
      [...blocks(6, 9), other(10, stranger).raw],
      'block 10 does not follow block 9 before it in the file: its parent is another block',
      9,
    ],
    [5, [...blocks(6, 9), other(8).raw], 'block 8 is in the file twice, with different contents', 9],
  ]
  for (const [head, parts, error, after] of cases)
    expect(await refusal(head, ...parts)).toEqual([`ERR_CHAIN_FILE ${error}`, after])
})

test('bytes that are no block are placed after the block before them in the file', async () => {
  const rubbish = Buffer.from('rubbish')
  expect(await refusal(20, rubbish)).toEqual([expect.stringMatching(/ at its beginning: /), 20])
  expect(await refusal(20, genesisBlock(demo.genesis), rubbish)).toEqual([
    expect.stringMatching(/ after block 0: /),
    20,
  ])
  expect(await refusal(20, ...blocks(1, 7), rubbish)).toEqual([expect.stringMatching(/ after block 7: /), 20])
  expect(await refusal(20, ...blocks(1, 30), rubbish)).toEqual([expect.stringMatching(/ after block 30: /), 30])
})

test('a file in two halves, cut within a block, is imported to the cut, and then from the block after it', async () => {
  const whole = concatBytes(...raws)
  const chain = await newChain()
  await expect(importOf(chain, whole.subarray(0, whole.length / 2))).rejects.toThrow(
    /after block \d+: input ends after/,
  )
  const { number } = chain.head
  expect(number).toBeGreaterThan(100)
  await expect(importOf(chain, whole.subarray(whole.length / 2))).rejects.toThrow(/at its beginning: /)
  await importOf(chain, ...raws.slice(number))
  expect(chain.head.number).toBe(320)
})

test('an empty file adds nothing', async () => {
  expect(await importOf(await newChain())).toEqual({ blocks: 0, imported: 0, bytes: 0 })
})

test('an exported genesis block is imported as the block 0 that it is', async () => {
  const chain = await chainTo(3)
  const path = newPath()
  expect(await exportChainFile(chain, path, { first: 0 })).toMatchObject({ blocks: 4 })
  expect(readFileSync(path).equals(concatBytes(genesisBlock(demo.genesis), ...blocks(1, 3)))).toBe(true)
  expect(await importChainFile(await newChain(), path)).toMatchObject({ blocks: 3, imported: 3 })
})

test('a block that the folder has lost below its head is explained as damage of the folder', () => {
  const { header } = demoBlocks[4]!
  const state = { tip: 9, before: 4, firstAdded: undefined, hashAt: () => undefined }
  expect(explainDifference(header, state)).toBe('is missing in the data folder, which is damaged')
})
