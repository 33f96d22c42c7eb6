import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bytesToHex } from '../base/bytes.ts'
import { readKeyFile, writeKeyFile } from './key-file.ts'
import { NodeKey } from './node-key.ts'

const HEX = 'b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291'
const refused = expect.objectContaining({ name: 'ConfigError', field: 'nodekey' })
let folder = ''
let path = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerloom-key-'))
  path = join(folder, 'nodekey')
})
afterEach(() => rm(folder, { recursive: true }))

test('writeKeyFile writes 64 hex digits that only the owner may read, and no other file', async () => {
  const key = NodeKey.generate()
  await writeKeyFile(path, key)
  expect(await readFile(path, 'latin1')).toBe(bytesToHex(key.privateKey))
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readdir(folder)).toEqual(['nodekey'])
  expect((await readKeyFile(path)).id).toEqual(key.id)
})

test('writeKeyFile replaces an existing file of any mode', async () => {
  await writeFile(path, 'x'.repeat(500))
  await chmod(path, 0o644)
  await writeKeyFile(path, NodeKey.generate())
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect((await stat(path)).size).toBe(64)
})

test('writeKeyFile throws a ConfigError when the folder does not exist', async () => {
  await expect(writeKeyFile(join(folder, 'no', 'nodekey'), NodeKey.generate())).rejects.toEqual(refused)
})

test('writeKeyFile leaves no temporary file when its path is a folder', async () => {
  await expect(writeKeyFile(folder, NodeKey.generate())).rejects.toEqual(refused)
  expect(await readdir(join(folder, '..'))).not.toContainEqual(expect.stringMatching(`^${folder}.*tmp$`))
})

test.each([
  ['no line end', HEX],
  ['a line end', `${HEX}\n`],
  ['a line end of Windows', `${HEX}\r\n`],
  ['upper case', HEX.toUpperCase()],
])('readKeyFile reads a key with %s', async (_, text) => {
  await writeFile(path, text)
  expect(bytesToHex((await readKeyFile(path)).privateKey)).toBe(HEX)
})

test.each([
  ['nothing', ''],
  ['63 digits', HEX.slice(1)],
  ['65 digits', `${HEX}0`],
  ['a prefix', `0x${HEX}`],
  ['a second line', `${HEX}\n\n`],
  ['another character', `g${HEX.slice(1)}`],
  ['zero', '0'.repeat(64)],
  ['the order of the curve', 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'],
  ['a megabyte', 'a'.repeat(1 << 20)],
])('readKeyFile refuses a file that holds %s', async (_, text) => {
  await writeFile(path, text)
  await expect(readKeyFile(path)).rejects.toEqual(refused)
})

test('readKeyFile does not show the content of the file in its error', async () => {
  await writeFile(path, `${HEX}0`)
  await expect(readKeyFile(path)).rejects.not.toThrow(HEX.slice(0, 16))
})

test("readKeyFile rejects with Node's error as the cause when a file cannot be read", async () => {
  await expect(readKeyFile(path)).rejects.toMatchObject({ field: 'nodekey', cause: { code: 'ENOENT' } })
  await expect(readKeyFile(folder)).rejects.toMatchObject({ field: 'nodekey', cause: { code: 'EISDIR' } })
})
