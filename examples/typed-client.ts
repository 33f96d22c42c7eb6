/**
 * A client whose methods have the types of the server's own object, and a subscription that goes on after the server was
 * started anew.
 */
import { RpcClient, RpcServer } from 'peerloom/rpc'

const api = {
  add: (a: number, b: number) => a + b,
  async *ticks(every: number, signal?: AbortSignal) {
    for (let n = 0; !signal?.aborted; n++) {
      yield n
      await new Promise((done) => setTimeout(done, every))
    }
  },
}

const first = new RpcServer().register('calc', api)
const { url } = await first.listen('ws://127.0.0.1:0')

await using client = await RpcClient.dial(url)
const calc = client.namespace<typeof api>('calc')
const sum: number = await calc.add(1, 2)
console.log(`1 + 2 = ${sum}`)

const ticks = client.subscribe<number>('calc', ['ticks', 20], { resubscribe: true })
const events = client.events()
await ticks.ready()
console.log('first tick of the first server:', (await ticks.next()).value)

await first.close()
await using second = new RpcServer().register('calc', api)
await second.listen(url) // the same port

for await (const event of events) {
  if (event.type === 'disconnected') console.log('the server has gone')
  if (event.type !== 'resubscribed') continue
  console.log('subscribed again; what came in between is lost')
  break
}
let last = (await ticks.next()).value ?? 0
for await (const n of ticks) {
  if (n <= last) last = n // what was held of the first server is read before
  if (n > last + 2) break
}
console.log('the ticks go on')
