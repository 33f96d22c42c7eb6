/** Peerloom's RpcClient, as a program on it would use it. BENCH_DIST names another build. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { METHOD, runCaller } from './command.mjs'

const dist = process.env.BENCH_DIST ?? resolve(import.meta.dirname, '../../dist')
const { RpcClient } = await import(pathToFileURL(resolve(dist, 'rpc/index.js')).href)

await runCaller(async ({ url, batch }) => {
  const client = await RpcClient.dial(url)
  if (batch === 0) return () => client.call(METHOD)
  const calls = Array.from({ length: batch }, () => ({ method: METHOD }))
  return async () => (await client.batch(calls)).map(({ value }) => value)
})
