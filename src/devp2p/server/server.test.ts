import { expect, test } from 'vitest'
import { rlp } from '../../codec/index.ts'
import { NodeKey } from '../../identity/index.ts'
import { MemoryNetwork } from '../../net/index.ts'
import { defineProtocol, message } from '../../peer/index.ts'
import { DisconnectReason } from '../disconnect.ts'
import type { ServerOptions } from './options.ts'
import { Server } from './server.ts'

const echo = defineProtocol({
  name: 'echo',
  version: 1,
  messages: {
    ask: message(0, rlp.struct({ id: rlp.uint, text: rlp.text }), { maxBytes: 4096 }),
    answer: message(1, rlp.struct({ id: rlp.uint, text: rlp.text })),
  },
  async run(_peer, channel) {
    for await (const msg of channel) if (msg.name === 'ask') await channel.send('answer', msg.body)
  },
})

const start = (network: MemoryNetwork, options: Partial<ServerOptions> = {}): Promise<Server> =>
  Server.listen({ key: NodeKey.generate(), protocols: [echo], network, listen: '10.0.0.1:0', ...options })

test('two servers connect, run a protocol, and disconnect with a reason', async () => {
  const network = new MemoryNetwork()
  await using a = await start(network)
  const b = await start(network, { listen: '10.0.0.2:0' })
  const peer = await b.dial(a.enode)
  expect(peer.name).toBe('peerloom')
  const channel = peer.peer.channel(echo)
  const reply = await channel?.request('ask', { id: 7n, text: 'hi' }, { reply: 'answer', where: (m) => m.id === 7n })
  expect(reply).toEqual({ id: 7n, text: 'hi' })
  const [seen] = [...a.peers.values()]
  expect(seen?.info()).toMatchObject({ name: 'peerloom', caps: ['echo/1'], network: { inbound: true } })
  await b.close()
  expect(await seen?.peer.closed).toMatchObject({ side: 'remote', disconnectReason: DisconnectReason.Quitting })
})
