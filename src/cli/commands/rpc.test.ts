import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runProgram } from '../../../test/support/program.ts'
import { defineService, Node } from '../../node/index.ts'
import { RpcError } from '../../rpc/index.ts'

let dataDir: string
let node: Node
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'peerloom-r-'))
  const echo = (...params: unknown[]) => params
  const fail = () => {
    throw new RpcError(-32_000, 'no\n\u001b[2J')
  }
  const rpc = { test: { echo, fail, evil: () => 'a\u001b]0;owned\u0007' } }
  node = await Node.start({ dataDir, p2p: false, services: [defineService({ name: 'test', start: () => ({ rpc }) })] })
})
afterAll(async () => {
  await node.close()
  rmSync(dataDir, { recursive: true, force: true })
})

const rpc = (...words: readonly string[]) => runProgram(['rpc', ...words, '--datadir', dataDir])

test('a parameter that is JSON is sent as its value, and any other as text', async () => {
  const { code, stdout } = await rpc('test_echo', '1', 'true', 'null', '{"a":[1]}', '"1"', 'latest', '0x10', '{bad')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual([1, true, null, { a: [1] }, '1', 'latest', '0x10', '{bad'])
})

test('with --json the result is one line with the method', async () => {
  const { stdout } = await rpc('test_echo', '1', '--json')
  expect(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([{ type: 'result', method: 'test_echo', value: [1] }])
})

test('an error of the node ends with 1 and one line without control characters', async () => {
  const { code, stdout, stderr } = await rpc('test_fail')
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^error: no[^\n]*\n$/)
  expect(stderr).not.toContain('\u001b')
})

test('a result reaches the terminal without control characters', async () => {
  const { stdout } = await rpc('test_evil')
  expect(stdout).toBe('"a\\u001b]0;owned\\u0007"\n')
})

test('a method that is not offered ends with 1 and names the flags that offer it', async () => {
  const { code, stderr } = await rpc('eth_blockNumber')
  expect(code).toBe(1)
  expect(stderr).toMatch(/^error: the method eth_blockNumber does not exist[^\n]*--http\.api[^\n]*\n$/)
})

test('a subscription is refused before a connection is made, with the command for it', async () => {
  const { code, stderr } = await runProgram(['rpc', 'eth_subscribe', 'newHeads', '--datadir', join(dataDir, 'none')])
  expect(code).toBe(2)
  expect(stderr).toMatch(/^error: method: eth_subscribe [^\n]*attach[^\n]*\n$/)
})
