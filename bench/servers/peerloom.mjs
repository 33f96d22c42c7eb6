/**
 * What the load is sent to as ours: an RpcServer at http:// and ws://, which share a port, that answers eth_blockNumber, and
 * eth_getBlockByNumber with blocks whose JSON is kept. BENCH_BLOCKS names a file with `{ [number]: block }`, BENCH_DIST
 * another build.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { runServer } from './command.mjs'

const dist = process.env.BENCH_DIST ?? resolve(import.meta.dirname, '../../dist')
const { method, param, RawJson, RpcServer } = await import(pathToFileURL(resolve(dist, 'rpc/index.js')).href)

const blocks = Object.entries(JSON.parse(readFileSync(process.env.BENCH_BLOCKS, 'utf8')))
const kept = new Map(blocks.map(([number, block]) => [number, new RawJson(JSON.stringify(block))]))

const quantity = z.string().regex(/^0x(0|[1-9a-f][0-9a-f]*)$/)
const eth = {
  blockNumber: method({ summary: 'the number of the head', params: [] }, () => '0x258'),
  getBlockByNumber: method(
    { summary: 'a block', params: [param('number', quantity), param('full', z.boolean())] },
    (number) => kept.get(number) ?? null,
  ),
}

const server = new RpcServer().register('eth', eth)
const { url } = await server.listen('http://127.0.0.1:0')
const ws = url.replace('http:', 'ws:')
await server.listen(ws)
runServer({ http: url, ws })
