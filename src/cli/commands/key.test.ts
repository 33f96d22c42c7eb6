import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runProgram } from '../../../test/support/program.ts'
import { bytesToHex } from '../../base/bytes.ts'
import { NodeKey } from '../../identity/index.ts'

let root: string
let made = 0
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'peerloom-k-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const newPath = (): string => join(root, String(made++))
const key = (...words: readonly string[]) => runProgram(['key', ...words])

test('a generated key is kept in its file, for its owner alone, and shown again as the same node', async () => {
  const file = newPath()
  const generated = await key('generate', file)
  expect(generated).toMatchObject({ code: 0, stderr: '' })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(await key('show', file)).toEqual(generated)
  expect(generated.stdout).toContain('@127.0.0.1:30303')
})

test('a private key is printed only with --private-key', async () => {
  const file = newPath()
  const shown = await key('generate', file)
  const digits = readFileSync(file, 'utf8').trim()
  expect(shown.stdout).not.toContain(digits)
  expect((await key('show', file, '--private-key')).stdout).toContain(digits)
  const { stdout } = await key('generate', '--private-key', '--json')
  const { privateKey, id, type } = JSON.parse(stdout)
  expect(type).toBe('result')
  expect(bytesToHex(NodeKey.from(Buffer.from(privateKey, 'hex')).id)).toBe(id)
})

test('an existing file is replaced only with --force', async () => {
  const file = newPath()
  writeFileSync(file, 'kept')
  const refused = await key('generate', file)
  expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(`error: file: ${file} `) })
  expect(readFileSync(file, 'utf8')).toBe('kept')
  expect(await key('generate', file, '--force')).toMatchObject({ code: 0 })
  expect(readFileSync(file, 'utf8')).toMatch(/^[0-9a-f]{64}$/)
})

test('a key that cannot be written or read is one line that names the file', async () => {
  const folder = newPath()
  mkdirSync(folder)
  const nowhere = join(root, 'none', 'key')
  for (const words of [
    ['generate', nowhere],
    ['generate', folder, '--force'],
    ['show', folder],
    ['show', nowhere],
  ]) {
    const { code, stdout, stderr } = await key(...words)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^error: file: [^\n]+\n$/)
    expect(stderr).toContain(words[1])
  }
  expect(existsSync(nowhere)).toBe(false)
})

test('the group without a command names its commands', async () => {
  const { code, stderr } = await key()
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('generate, show') })
})
