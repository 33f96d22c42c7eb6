/**
 * A service: a protocol between nodes, a namespace for callers, a life of its own. Two nodes in one process run it; what is said
 * to the one over JSON-RPC is heard by the other.
 */
import { defineProtocol, message, rlp } from 'peerloom/devp2p'
import { defineService, Node } from 'peerloom/node'
import { RpcClient } from 'peerloom/rpc'

/** A new one for each node: what it keeps is in `start`. */
const chat = () =>
  defineService({
    name: 'chat',
    start({ log }) {
      const heard: string[] = []
      const talkers = new Set<(text: string) => void>()
      return {
        protocols: [
          defineProtocol({
            name: 'chat',
            version: 1,
            messages: { say: message(0, rlp.text, { maxBytes: 1024 }) },
            async run(peer, channel) {
              const say = (text: string) => void channel.send('say', text)
              talkers.add(say)
              try {
                for await (const { body } of channel) {
                  heard.push(body)
                  log.info('heard', { peer: peer.id, body })
                }
              } finally {
                talkers.delete(say)
              }
            },
          }),
        ],
        rpc: {
          chat: {
            heard: () => heard,
            say(text: string) {
              for (const say of talkers) say(text)
              return talkers.size
            },
          },
        },
      }
    },
  })

const p2p = { listen: '127.0.0.1:0' }
await using alice = await Node.start({ p2p, services: [chat()], http: { port: 0, modules: ['chat', 'admin'] } })
await using bob = await Node.start({ p2p, services: [chat()] })

await using client = await RpcClient.dial(alice.endpoints.url('http') ?? '')
await alice.server.dial(bob.enode)
while ((await client.call<number>('chat_say', ['hello, Bob'])) === 0) await new Promise(setImmediate)
while ((await bob.rpc.call<string[]>('chat_heard')).length === 0) await new Promise(setImmediate)
console.log(await bob.rpc.call('chat_heard'))
