/**
 * Typed client, and a subscription that survives a restart of its server, which is another process: the client alone keeps
 * this one alive until it is closed. An event tells the length of the gap.
 */
import { ok, strictEqual } from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { RpcClient } from 'peerloom/rpc'
import type { Calc } from './servers/calc.ts'

/** Starts the server at a URL. Resolves with the process, and the URL with the actual port. */
async function serve(at: string): Promise<readonly [server: ChildProcess, url: string]> {
  const server = fork(new URL('./servers/calc.js', import.meta.url), [at])
  const [url] = await once(server, 'message')
  return [server, url]
}

const [first, url] = await serve('ws://127.0.0.1:0') // any free port, known from the endpoint
await using client = await RpcClient.dial(url)

const typed = client.namespace<Calc>('calc')
const three: number = await typed.add(1, 2)
strictEqual(three, 3)
for await (const n of typed.ticks(5)) if (n === three) break // leaving the loop unsubscribes

const events = client.events()
const ticks = client.namespace<Calc>('calc', { resubscribe: true }).ticks(5)
for (let n = 0; n <= three; n++) strictEqual((await ticks.next()).value, n)

first.kill()
let second: ChildProcess | undefined
for await (const event of events) {
  console.log(event.type)
  if (event.type === 'disconnected') [second] = await serve(url)
  if (event.type !== 'resubscribed') continue
  console.log(`${event.namespace} ${event.params}: what came in ${Math.round(event.gap)} ms is lost`)
  ok(event.gap > 0)
  break
}
let last = three
for await (const n of ticks) {
  if (n < last) break // the new server counts from 0; values that the old one sent are read first
  last = n
}
strictEqual(await typed.add(last, 1), last + 1)
second?.disconnect()
