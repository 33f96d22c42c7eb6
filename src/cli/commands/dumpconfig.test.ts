import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runProgram } from '../../../test/support/program.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'peerloom-d-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

test('a dump into a file equals the dump on stdout, and reads back as the same settings', async () => {
  const file = join(root, 'a.toml')
  const { stdout } = await runProgram(['dumpconfig', '--http', '--maxpeers', '7'])
  expect(await runProgram(['dumpconfig', '--http', '--maxpeers', '7', file])).toMatchObject({ code: 0, stderr: '' })
  expect(readFileSync(file, 'utf8')).toBe(stdout)
  const read = await runProgram(['dumpconfig', '--config', file, '--json'])
  expect(JSON.parse(read.stdout).settings).toMatchObject({
    http: { value: true, from: 'file', name: `${file}: http.enabled` },
    maxpeers: { value: 7, from: 'file' },
  })
})

test('a file that cannot be written is refused with its path', async () => {
  const file = join(root, 'none', 'a.toml')
  const { code, stdout, stderr } = await runProgram(['dumpconfig', file])
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toBe(`error: file: ${file} cannot be written (ENOENT)\n`)
})

test('a dump never contains the private key', async () => {
  const secret = 'ab'.repeat(32)
  for (const form of [[], ['--json']]) {
    const { code, stdout, stderr } = await runProgram(['dumpconfig', ...form], { env: { PEERLOOM_NODEKEYHEX: secret } })
    expect(code).toBe(0)
    expect(stdout + stderr).not.toContain(secret)
  }
})
