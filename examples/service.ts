/**
 * Service with a protocol and a namespace of JSON-RPC that share state. Two nodes run it in one process: a call over
 * HTTP makes one of them send a text, which the other receives from its peer.
 */
import { strictEqual } from 'node:assert/strict'
import { Events } from 'peerloom'
import { type Channel, defineProtocol, message, rlp } from 'peerloom/devp2p'
import { defineService, Node } from 'peerloom/node'
import { type CallContext, method, param, RpcClient } from 'peerloom/rpc'
import { z } from 'zod'

const messages = { say: message(0, rlp.text, { maxBytes: 1024 }) }
type Peers = Set<Channel<typeof messages>>

/** `chat_say` and `chat_subscribe("heard")`: an async generator is a subscription. */
const chatApi = (peers: Peers, heard: Events<string>) => ({
  say: method({ summary: 'says it to every peer', params: [param('text', z.string().max(300))] }, async (line) => {
    for (const channel of peers) await channel.send('say', line)
    return peers.size
  }),
  heard: method({ summary: 'what peers say', params: [] }, async function* ({ signal }: CallContext) {
    yield* heard.subscribe({ signal })
  }),
})

const chat = defineService({
  name: 'chat',
  start() {
    const peers: Peers = new Set()
    const heard = new Events<string>()
    const protocol = defineProtocol({
      name: 'chat',
      version: 1,
      messages,
      async run(_, channel) {
        peers.add(channel)
        try {
          for await (const { body } of channel) heard.emit(body)
        } finally {
          peers.delete(channel)
        }
      },
    })
    return { protocols: [protocol], rpc: { chat: chatApi(peers, heard) } }
  },
})

const p2p = { listen: '127.0.0.1:0' } // any free port
await using talker = await Node.start({ p2p, services: [chat], http: { port: 0, modules: ['chat'] } })
await using listener = await Node.start({ p2p, services: [chat] })
await talker.server.dial(listener.enode)

type ChatApi = ReturnType<typeof chatApi>
const heard = listener.rpc.namespace<ChatApi>('chat').heard() // in this process, without an endpoint
await heard.ready()
await using client = await RpcClient.dial(talker.endpoints.url('http') as string)
strictEqual(await client.namespace<ChatApi>('chat').say('hello'), 1)
const { value } = await heard.next()
strictEqual(value, 'hello')
console.log(`heard: ${value}`)
