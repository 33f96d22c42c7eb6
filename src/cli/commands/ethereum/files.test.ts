import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runProgram } from '../../../../test/support/program.ts'

const assets = fileURLToPath(new URL('../../../../assets/demo/', import.meta.url))
const chain = join(assets, 'chain.rlp')
const genesis = join(assets, 'genesis.json')

let root: string
let made = 0
/** A data folder with the bundled chain. */
let full: string
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'peerloom-x-'))
  full = newPath()
  expect(await runProgram(['import', chain, '--datadir', full, '--genesis', genesis])).toMatchObject({ code: 0 })
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const newPath = (): string => join(root, String(made++))

async function resultOf(...words: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runProgram([...words, '--json'])
  expect({ code, stderr: stderr.split('\n').filter((line) => line.startsWith('error:')) }).toEqual({
    code: 0,
    stderr: [],
  })
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) as string)
}

test('an imported chain is inspected as complete, and exported as the same file', async () => {
  expect(await resultOf('inspect', '--datadir', full)).toMatchObject({
    health: 'ok',
    head: { number: 320 },
    blocks: 321,
  })
  const out = newPath()
  expect(await resultOf('export', out, '--datadir', full)).toMatchObject({ blocks: 320, first: 1, last: 320 })
  expect(readFileSync(out).equals(readFileSync(chain))).toBe(true)
})

test('an import of known blocks adds none', async () => {
  const result = await resultOf('import', chain, '--datadir', full)
  expect(result).toMatchObject({ imported: 0, known: 320, head: { number: 320 } })
})

test('an import says that it has no receipts, and how to get them; one that adds nothing does not', async () => {
  const dataDir = newPath()
  const first = await runProgram(['import', chain, '--datadir', dataDir, '--genesis', genesis])
  expect(first.stdout).toMatch(
    /^imported 320 blocks; [^\n]+\nA file of blocks has no receipts: [^\n]+ --synctarget 0x[0-9a-f]{64}\n$/,
  )
  const again = await runProgram(['import', chain, '--datadir', dataDir])
  expect(again.stdout).toMatch(/^imported 0 blocks, 320 blocks known before; [^\n]+\n$/)
  expect(await resultOf('import', chain, '--datadir', dataDir)).toMatchObject({ firstReceipts: 321 })
})

test('a packed file is exported and imported by its name, and the help says so', async () => {
  const packed = `${newPath()}.rlp.gz`
  const { bytes } = await resultOf('export', packed, '--datadir', full)
  expect(bytes).toBe(readFileSync(packed).length)
  expect(gunzipSync(readFileSync(packed)).equals(readFileSync(chain))).toBe(true)
  const result = await resultOf('import', packed, '--datadir', newPath(), '--genesis', genesis)
  expect(result).toMatchObject({ imported: 320, known: 0, bytes })
  for (const command of ['import', 'export']) {
    const { stdout } = await runProgram([command, '--help'])
    expect(stdout).toContain('`.gz`')
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(/receipts/i)
  }
})

test('an import into a folder of another chain is refused, and changes nothing', async () => {
  const { code, stderr } = await runProgram(['import', chain, '--datadir', full, '--network', 'sepolia'])
  expect(code).toBe(2)
  expect(stderr).toMatch(/^error: --datadir: [^\n]+\n$/)
  expect(await resultOf('inspect', '--datadir', full)).toMatchObject({ health: 'ok', head: { number: 320 } })
})

test('a file that is missing or no chain is one line with its path', async () => {
  const text = newPath()
  writeFileSync(text, 'not a chain\u001b[2J')
  const dataDir = newPath()
  for (const [file, exit] of [
    [text, 1],
    [newPath(), 2],
    [root, 2],
  ] as const) {
    const { code, stderr } = await runProgram(['import', file, '--datadir', dataDir, '--genesis', genesis])
    expect(code).toBe(exit)
    expect(stderr.split('\n').filter((line) => line.startsWith('error: '))).toEqual([expect.stringContaining(file)])
    expect(stderr).not.toContain('\u001b')
  }
})

test.each([
  ['--first', '5', '--last', '4'],
  ['--first', '321'],
  ['--last', '999'],
  ['--first', '-1'],
  ['--last', '1e3'],
])('an export of missing blocks (%s %s) is refused with its option, and creates no file', async (...range) => {
  const out = newPath()
  const { code, stdout, stderr } = await runProgram(['export', out, '--datadir', full, ...range])
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(/^error: --(first|last): [^\n]+\n$/)
  expect(existsSync(out)).toBe(false)
})

test('inspect and export refuse a missing folder, and do not create it', async () => {
  for (const words of [['inspect'], ['export', newPath()]]) {
    const dataDir = newPath()
    const { code, stderr } = await runProgram([...words, '--datadir', dataDir])
    expect(code).toBe(2)
    expect(stderr).toContain(`error: --datadir: ${dataDir} holds no chain`)
    expect(existsSync(dataDir)).toBe(false)
  }
  expect(readdirSync(root).some((name) => name.endsWith('.tmp'))).toBe(false)
})

test('import says which field of genesis.json it does not know', async () => {
  const [file, odd] = [newPath(), newPath()]
  writeFileSync(file, '')
  writeFileSync(odd, '{"config":{"chainId":7},"extradat":"0x12"}')
  const { code, stderr } = await runProgram(['import', file, '--datadir', newPath(), '--genesis', odd])
  expect(code).toBe(0)
  const line: unknown = JSON.parse(stderr)
  const fields = { field: 'genesis.extradat', hint: 'did you mean extraData?' }
  expect(line).toMatchObject({ level: 'warn', msg: 'Unknown field in genesis.json', ...fields })
})

test('inspect shows a chain whose id and times are above 2^53', async () => {
  const [file, wide, dataDir] = [newPath(), newPath(), newPath()]
  writeFileSync(file, '')
  writeFileSync(wide, '{"config":{"chainId":123456789012345678901234567890},"timestamp":1700000000123456789}')
  expect(await runProgram(['import', file, '--datadir', dataDir, '--genesis', wide])).toMatchObject({ code: 0 })
  expect(await resultOf('inspect', '--datadir', dataDir)).toMatchObject({ chainId: '123456789012345678901234567890' })
})
