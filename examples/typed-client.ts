/** Typed client, and a subscription that survives a restart of its server: an event tells the length of the gap. */
import { ok, strictEqual } from 'node:assert/strict'
import { setTimeout } from 'node:timers/promises'
import { RpcClient, RpcServer } from 'peerloom/rpc'

/**
 * API object: a function is a method, an async generator a subscription, whose signal aborts when its subscriber
 * leaves.
 */
const calc = {
  add: (a: number, b: number) => a + b,
  async *ticks(every: number, signal?: AbortSignal) {
    for (let n = 0; ; n++) {
      yield n
      await setTimeout(every, undefined, { signal })
    }
  },
}

const first = new RpcServer().register('calc', calc)
const { url } = await first.listen('ws://127.0.0.1:0') // any free port, known from the endpoint
await using client = await RpcClient.dial(url)

const typed = client.namespace<typeof calc>('calc')
const three: number = await typed.add(1, 2)
strictEqual(three, 3)
for await (const n of typed.ticks(5)) if (n === three) break // leaving the loop unsubscribes

const events = client.events()
const ticks = client.namespace<typeof calc>('calc', { resubscribe: true }).ticks(5)
for (let n = 0; n <= three; n++) strictEqual((await ticks.next()).value, n)

await first.close()
await using second = new RpcServer().register('calc', calc)
await second.listen(url)

for await (const event of events) {
  console.log(event.type)
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
