/**
 * Server of `typed-client.ts`, a program of its own: listens at the URL it is given, tells its parent the actual one, and
 * closes when the parent disconnects. Then nothing keeps the process alive, and it ends.
 */
import { setTimeout } from 'node:timers/promises'
import { RpcServer } from 'peerloom/rpc'

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

export type Calc = typeof calc

const server = new RpcServer().register('calc', calc)
const { url } = await server.listen(process.argv[2] ?? 'ws://127.0.0.1:8546')
process.once('disconnect', () => void server.close())
process.send?.(url)
