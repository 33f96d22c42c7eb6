import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { interopBinary } from '../../scripts/build-interop.mjs'
import { concatBytes } from '../../src/base/bytes.ts'
import { rlp } from '../../src/codec/index.ts'
import { Block, Header, readBlocks } from '../../src/ethereum/types/index.ts'
import { type ChainFiles, demoChain, hivechain } from './chains.ts'
import { peerloom, run, tempFolder } from './peerloom.ts'
import { Process, runProcess } from './process.ts'

const root = tempFolder()
let made = 0
const newPath = (name = ''): string => join(root.path, `${made++}${name}`)
afterAll(() => root[Symbol.dispose]())

const write = (name: string, ...parts: readonly Uint8Array[]): string => {
  const path = newPath(name)
  writeFileSync(path, concatBytes(...parts))
  return path
}

/** Number of the last block of a file. */
const headOf = (bytes: Uint8Array): number => [...readBlocks(bytes)].at(-1)!.number

/** A data folder of go-ethereum without blocks. */
async function gethFolder(genesis: string): Promise<string> {
  const dataDir = newPath()
  await runProcess(interopBinary('geth'), ['--datadir', dataDir, 'init', genesis])
  return dataDir
}

/** `geth import`: true if it says that all went well. */
async function gethImport(dataDir: string, file: string): Promise<boolean> {
  await using command = new Process(interopBinary('geth'), ['--datadir', dataDir, 'import', file])
  return (await command.exited).code === 0
}

/** `geth export`, of all blocks or of a range, which it appends to the file. */
async function gethExport(dataDir: string, file: string, ...range: readonly number[]): Promise<Buffer> {
  await runProcess(interopBinary('geth'), ['--datadir', dataDir, 'export', file, ...range.map(String)])
  return readFileSync(file)
}

/** `geth export-history`: the path of the era file. */
async function gethHistory(dataDir: string): Promise<string> {
  const folder = newPath()
  const words = ['export-history', '--era.format', 'ere', folder, '0', '320']
  await runProcess(interopBinary('geth'), ['--datadir', dataDir, ...words])
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.ere')) as string)
}

/** Chains of chainmaker, made anew. */
async function chainmaker(preset: string, blocks: number): Promise<ChainFiles> {
  const folder = newPath()
  await runProcess(interopBinary('chainmaker'), ['--preset', preset, '--blocks', String(blocks), '--out', folder])
  return { folder, genesis: join(folder, 'genesis.json'), chain: join(folder, 'chain.rlp') }
}

test.each([
  ['the bundled chain', async () => demoChain, 320, true],
  ["the 600 blocks of geth's own test data", async () => hivechain(), 600, true],
  ['a chain of chainmaker that passes Amsterdam', () => chainmaker('bundle', 400), 400, true],
  ['a chain of chainmaker of full blocks', () => chainmaker('bench', 30), 30, false],
] as const)(
  '%s is exported and imported by geth and by Peerloom alike, byte for byte',
  async (_, chainOf, blocks, lists) => {
    const { genesis, chain } = await chainOf()
    const geth = await gethFolder(genesis)
    expect(await gethImport(geth, chain)).toBe(true)
    const exported = await gethExport(geth, newPath('.rlp'))
    const packed = await gethExport(geth, newPath('.rlp.gz'))
    expect(gunzipSync(packed).equals(exported)).toBe(true)
    expect(headOf(exported)).toBe(blocks)
    expect([...readBlocks(exported)].some(({ accessList }) => accessList)).toBe(lists)

    for (const file of [write('.rlp', exported), write('.rlp.gz', packed)]) {
      const dataDir = newPath()
      const result = await run('import', file, '--datadir', dataDir, '--genesis', genesis)
      expect(result).toMatchObject({ imported: blocks, known: 0, head: { number: blocks } })
      const [plain, gz] = [newPath('.rlp'), newPath('.rlp.gz')]
      await run('export', plain, '--datadir', dataDir, '--first', '0')
      expect(readFileSync(plain).equals(exported)).toBe(true)
      await run('export', gz, '--datadir', dataDir)
      const again = await gethFolder(genesis)
      expect(await gethImport(again, gz)).toBe(true)
      expect((await gethExport(again, newPath('.rlp'))).equals(exported)).toBe(true)
    }
  },
)

interface Sides {
  /** What each says of the file, and the head that it has after it. */
  readonly geth: readonly [ok: boolean, head: number]
  readonly ours: readonly [ok: boolean, head: number]
}
/** The head is anything above 50: zlib drops the last piece before damaged data, and geth all of its batch. */
const SOME = expect.toSatisfy((head: number) => head > 50) as number

let whole: Buffer
let ranges: { readonly joined: string; readonly overlapping: string; readonly late: string; readonly era: string }
beforeAll(async () => {
  const geth = await gethFolder(demoChain.genesis)
  await gethImport(geth, demoChain.chain)
  whole = await gethExport(geth, newPath('.rlp'))
  ranges = { joined: newPath('.gz'), overlapping: newPath('.rlp'), late: newPath('.rlp'), era: await gethHistory(geth) }
  await gethExport(geth, ranges.joined, 0, 100)
  await gethExport(geth, ranges.joined, 101, 320)
  await gethExport(geth, ranges.overlapping, 0, 100)
  await gethExport(geth, ranges.overlapping, 90, 320)
  await gethExport(geth, ranges.late, 90, 320)
})

/** Both import a file into a fresh folder of the bundled chain. */
async function both(file: string): Promise<Sides> {
  const geth = await gethFolder(demoChain.genesis)
  const gethOk = await gethImport(geth, file)
  const dataDir = newPath()
  await using command = peerloom('import', file, '--datadir', dataDir, '--genesis', demoChain.genesis)
  const { code } = await command.exited
  const { head } = (await run('inspect', '--datadir', dataDir)) as { head: { number: number } }
  const errors = command.lines.filter((line) => line.startsWith('error: '))
  expect(errors.length, errors.join('\n')).toBe(code === 0 ? 0 : 1)
  return {
    geth: [gethOk, headOf(await gethExport(geth, newPath('.rlp')))],
    ours: [code === 0, head.number],
  }
}

const gz = (): Uint8Array => gzipSync(whole)
const rubbish = Buffer.from('rubbish')
/** The file with another form of one block. */
function withBlock(number: number, change: (block: Block, accessList: Uint8Array) => Uint8Array): Uint8Array {
  const blocks = [...readBlocks(whole)]
  const accessList = blocks.at(-1)!.accessList!
  return concatBytes(...blocks.map((block) => (block.number === number ? change(block, accessList) : block.exported)))
}
const elements = ({ header, body, accessList }: Block): Uint8Array[] => [
  header.raw,
  ...body.lists,
  ...(accessList ? [accessList] : []),
]

test.each<readonly [string, () => string, Sides]>([
  ['an empty file', () => write('.rlp'), { geth: [true, 0], ours: [true, 0] }],
  ['an empty file, packed', () => write('.gz', gzipSync('')), { geth: [true, 0], ours: [true, 0] }],
  ['a file of no bytes that is called .gz', () => write('.gz'), { geth: [false, 0], ours: [false, 0] }],
  ['block 0 alone', () => write('.rlp', [...readBlocks(whole)][0]!.raw), { geth: [true, 0], ours: [true, 0] }],
  ['block 0 alone, of another chain', () => write('.rlp', otherGenesis().raw), { geth: [true, 0], ours: [false, 0] }],
  ['rubbish after the blocks', () => write('.rlp', whole, rubbish), { geth: [false, 0], ours: [false, 320] }],
  [
    'a little rubbish after packed blocks',
    () => write('.gz', gz(), rubbish),
    { geth: [true, 320], ours: [false, SOME] },
  ],
  ['much rubbish after packed blocks', () => write('.gz', gz(), whole), { geth: [false, 0], ours: [false, SOME] }],
  ['blocks that are packed twice', () => write('.gz.gz', gzipSync(gz())), { geth: [false, 0], ours: [false, 0] }],
  ['packed blocks that are not called .gz', () => write('.rlp', gz()), { geth: [false, 0], ours: [false, 0] }],
  ['plain blocks that are called .gz', () => write('.gz', whole), { geth: [false, 0], ours: [false, 0] }],
  [
    'packed blocks that are cut off',
    () => write('.gz', gz().subarray(0, 100_000)),
    { geth: [false, 0], ours: [false, SOME] },
  ],
  [
    'the first half of a file',
    () => write('.rlp', whole.subarray(0, 180_000)),
    { geth: [false, 0], ours: [false, SOME] },
  ],
  ['the second half of a file', () => write('.rlp', whole.subarray(180_000)), { geth: [false, 0], ours: [false, 0] }],
  ['an era file', () => ranges.era, { geth: [false, 0], ours: [false, 0] }],
  ['two ranges in one packed file', () => ranges.joined, { geth: [true, 320], ours: [true, 320] }],
  ['two ranges in one file that overlap', () => ranges.overlapping, { geth: [false, 0], ours: [true, 320] }],
  ['a range beyond the head', () => ranges.late, { geth: [false, 0], ours: [false, 0] }],
  [
    'a block with the access list of another',
    () =>
      write(
        '.rlp',
        withBlock(319, ({ header, body }, list) => new Block(header, body, undefined, list).exported),
      ),
    { geth: [false, 318], ours: [false, 318] },
  ],
  [
    'a block before Amsterdam with an access list',
    () =>
      write(
        '.rlp',
        withBlock(9, ({ header, body }, list) => new Block(header, body, undefined, list).exported),
      ),
    { geth: [false, 8], ours: [false, 8] },
  ],
  [
    'a block of six elements',
    () =>
      write(
        '.rlp',
        withBlock(320, (block, list) => rlp.encodeListOfRaw([...elements(block), list])),
      ),
    { geth: [false, 0], ours: [false, 319] },
  ],
  ['blocks of four elements past Amsterdam', () => demoChain.chain, { geth: [true, 320], ours: [true, 320] }],
])('a file is taken or refused by geth and by Peerloom as expected: %s', async (_, file, sides) => {
  expect(await both(file())).toEqual(sides)
})

/** Block 1 of the bundled chain under the number 0. */
function otherGenesis(): Block {
  const block = [...readBlocks(whole)][1]!
  return new Block(Header.from({ ...block.header, number: 0 }), block.body)
}

test('geth and Peerloom take the two parts of a chain, one after the other', async () => {
  const blocks = [...readBlocks(whole)].map(({ exported }) => exported)
  const files = [write('.rlp', ...blocks.slice(0, 150)), write('.rlp.gz', gzipSync(concatBytes(...blocks.slice(100))))]
  const [geth, dataDir] = [await gethFolder(demoChain.genesis), newPath()]
  for (const file of files) {
    expect(await gethImport(geth, file)).toBe(true)
    await run('import', file, '--datadir', dataDir, '--genesis', demoChain.genesis)
  }
  const ours = newPath('.rlp')
  await run('export', ours, '--datadir', dataDir, '--first', '0')
  expect(readFileSync(ours).equals(whole)).toBe(true)
  expect((await gethExport(geth, newPath('.rlp'))).equals(whole)).toBe(true)
})
