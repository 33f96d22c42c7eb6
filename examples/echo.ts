/** Custom protocol on devp2p: two servers in one process, one asks, the other answers. */
import { defineProtocol, message, NodeKey, rlp, Server } from 'peerloom/devp2p'

const echo = defineProtocol({
  name: 'echo',
  version: 1,
  messages: {
    hello: message(0, rlp.struct({ agent: rlp.text })),
    ask: message(1, rlp.struct({ id: rlp.uint, text: rlp.text }), { maxBytes: 4096 }),
    answer: message(2, rlp.struct({ id: rlp.uint, text: rlp.text })),
  },
  async run(peer, channel) {
    await channel.send('hello', { agent: 'demo/1.0' })
    const { agent } = await channel.expect('hello', { timeout: 5_000 })
    console.log(`${peer.id.slice(0, 8)} runs ${agent}`)

    if (!peer.inbound) {
      const reply = await channel.request(
        'ask',
        { id: 1n, text: 'hi' },
        { reply: 'answer', where: (body) => body.id === 1n, timeout: 5_000 },
      )
      console.log(`the answer: ${reply.text}`)
      return // the first protocol to return closes the peer, in order
    }
    for await (const msg of channel) {
      if (msg.name === 'ask') await channel.send('answer', msg.body)
    }
  },
})

const listen = '127.0.0.1:0' // any free port
await using answering = await Server.listen({ key: NodeKey.generate(), listen, protocols: [echo] })
await using asking = await Server.listen({ key: NodeKey.generate(), listen, protocols: [echo] })

const events = asking.events()
asking.addStatic(answering.enode) // kept connected from now on; `dial` connects once
for await (const event of events) {
  if (event.type === 'add') console.log(`connected to ${event.peer.name}`)
  if (event.type === 'drop') {
    console.log(`parted: ${event.reason.message}`)
    break
  }
}
