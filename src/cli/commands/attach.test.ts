import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Program, runProgram } from '../../../test/support/program.ts'
import { Node } from '../../node/index.ts'

let dataDir: string
let node: Node
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'peerloom-a-'))
  node = await Node.start({ dataDir, p2p: false, identity: 'attached' })
})
afterAll(async () => {
  await node.close()
  rmSync(dataDir, { recursive: true, force: true })
})

const attach = (words: readonly string[], input?: string) =>
  runProgram(['attach', '--datadir', dataDir, ...words], input === undefined ? {} : { input })

test('--exec prints what its script results in, as a value of the result with --json', async () => {
  expect(await attach(['--exec', 'admin.datadir'])).toMatchObject({ code: 0, stdout: `${JSON.stringify(dataDir)}\n` })
  const { stdout } = await attach(['--exec', '[1, await admin.datadir]', '--json'])
  expect(JSON.parse(stdout)).toEqual({ type: 'result', value: [1, dataDir] })
})

test.each(['nope', 'admin.nope', '(', 'throw new Error("a\\nb")', 'throw "text"', 'Promise.reject(null)'])(
  'a script that fails (%s) ends with 1 and one line',
  async (script) => {
    const { code, stdout, stderr } = await attach(['--exec', script])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^error: exec: [^\n]+\n$/)
  },
)

test('an endpoint of an unknown kind is refused with the name of the argument', async () => {
  const { code, stderr } = await attach(['ftp://localhost'])
  expect(code).toBe(2)
  expect(stderr).toMatch(/^error: endpoint: "ftp:\/\/localhost" is not an endpoint address \(/)
})

test('lines on stdin are evaluated one by one, past errors, until exit', async () => {
  const input = ['1 + 1', 'nope', 'const x = [', '3]; x.length', 'undefined', 'exit', '"never"'].join('\n')
  const { code, stdout } = await attach([], input)
  expect(code).toBe(0)
  expect(stdout.trimEnd().split('\n')).toEqual(['2', 'ReferenceError: nope is not defined', '1'])
})

test('stdin that ends at once ends the console', async () => {
  expect(await attach([], '')).toMatchObject({ code: 0, stdout: '', stderr: '' })
})

test('a signal ends a script that never ends', async () => {
  const words = ['attach', '--datadir', dataDir, '--exec', 'console.log("begun"); await new Promise(() => {})']
  await using program = new Program(words)
  await program.seen(/begun/)
  program.signal('SIGTERM')
  expect(await program.ended).toMatchObject({ code: 130, stderr: '' })
})

test('a script leaves no history in the data folder', async () => {
  await attach(['--exec', '1'])
  await attach([], '1\n')
  expect(readdirSync(join(dataDir, 'peerloom'))).not.toContain('history')
})
