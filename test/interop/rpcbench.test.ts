/** Tests of `rpcbench`, the program that the benchmarks of JSON-RPC use. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { interopBinary } from '../../scripts/build-interop.mjs'
import { RpcClient, RpcServer } from '../../src/rpc/index.ts'
import { Process } from './process.ts'

const HEAD = '0x258'

async function loopback() {
  const server = new RpcServer().register('eth', { blockNumber: () => HEAD })
  const http = await server.listen('http://127.0.0.1:0')
  const ws = await server.listen(http.url.replace('http:', 'ws:'))
  return { server, urls: [http.url, ws.url] }
}

/** Runs rpcbench to its end. @returns the lines it printed */
async function run(args: readonly string[], input = ''): Promise<string[]> {
  const child = spawn(interopBinary('rpcbench'), args, { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(input)
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  expect(code).toBe(0)
  return said.trim().split('\n')
}

describe('rpcbench', () => {
  test('rpcbench serve answers calls and batches by their ids, over HTTP, WebSocket and IPC', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'peerloom-rpcbench-'))
    try {
      await using serving = new Process(interopBinary('rpcbench'), ['serve', '--ipc', join(folder, 'ipc')])
      const [line] = await serving.waitFor(/^\{"event":"listening".*/)
      const { http, ws, ipc } = JSON.parse(line) as Record<'http' | 'ws' | 'ipc', string>
      for (const url of [http, ws, ipc]) {
        await using client = await RpcClient.dial(url)
        expect(await client.call('eth_blockNumber')).toBe(HEAD)
        const calls = Array.from({ length: 100 }, () => ({ method: 'eth_blockNumber' }))
        const results = await client.batch(calls)
        expect(results).toEqual(calls.map(() => ({ status: 'fulfilled', value: HEAD })))
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('rpcbench call counts its calls, and prints one line for each line of input', async () => {
    const { server, urls } = await loopback()
    await using _ = server
    for (const url of urls) {
      for (const batch of ['0', '10']) {
        const args = ['call', '--url', url, '--concurrency', '4', '--batch', batch]
        const [ready, first, second] = (await run(args, '0.05\n0.05\n')).map((line) => JSON.parse(line))
        expect(ready).toEqual({ event: 'ready' })
        for (const round of [first, second]) {
          expect(round.calls).toBeGreaterThan(0)
          expect(round.calls % (Number(batch) || 1)).toBe(0)
          expect(round.cpuMicros).toBeGreaterThan(0)
        }
      }
    }
  })

  test('rpcbench load keeps connections busy, reports the CPU time of the server, and ends at an error response', async () => {
    const { server, urls } = await loopback()
    await using _ = server
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_blockNumber', params: [] })
    for (const url of urls) {
      const args = ['load', '--url', url, '--connections', '5', '--duration', '50ms', '--pid', String(process.pid)]
      const [line = ''] = await run([...args, '--body', body])
      expect(JSON.parse(line)).toMatchObject({ answerBytes: `{"jsonrpc":"2.0","id":1,"result":"${HEAD}"}`.length })
      expect(JSON.parse(line).calls).toBeGreaterThan(0)
      if (process.platform === 'linux') expect(JSON.parse(line).cpuMicros).toBeGreaterThan(0)
      await using failing = new Process(interopBinary('rpcbench'), [...args, '--body', body.replace('block', 'no')])
      await failing.waitFor(/^rpcbench: no result: .*-32601/)
    }
  })
})
