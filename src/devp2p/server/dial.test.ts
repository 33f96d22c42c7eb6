import { expect, test } from 'vitest'
import { echo, FAR, World } from '../../../test/support/servers.ts'
import { NodeKey } from '../../identity/index.ts'

test('dial returns the peer if the node is connected already', async () => {
  await using world = new World()
  const b = await world.server(FAR[1])
  const a = await world.server(FAR[0])
  const peer = await a.dial(b.enode)
  expect(await a.dial(b.enode)).toBe(peer)
  expect(peer.static).toBe(false)
})

test('dial rejects when the node is unreachable, has another key, or the signal aborts', async () => {
  await using world = new World()
  const b = await world.server(FAR[1])
  const a = await world.server(FAR[0])
  const stranger = Buffer.from(NodeKey.generate().publicKey).toString('hex')
  await expect(a.dial(`enode://${stranger}@${FAR[2]}:30303`)).rejects.toMatchObject({ code: 'ERR_CONNECT' })
  const wrongKey = a.dial(`enode://${stranger}@${FAR[1]}:30303`)
  await expect(wrongKey).rejects.toMatchObject({ name: 'HandshakeError' })
  const reason = new Error('no longer wanted')
  const abort = new AbortController()
  world.network.isolate(FAR[1])
  const given = a.dial(b.enode, { signal: abort.signal })
  abort.abort(reason)
  await expect(given).rejects.toBe(reason)
  const slow = a.dial(b.enode).catch((error) => error)
  await world.clock.advance(15_000)
  expect(await slow).toMatchObject({ code: 'ERR_CONNECT' })
})

test('dial rejects when its signal aborts during the handshake', async () => {
  await using world = new World()
  const a = await world.server(FAR[0])
  const heard: number[] = []
  await using _mute = await world.network.host(FAR[1]).listen({
    port: 30_303,
    onConnection: (stream) => stream.open({ data: (chunk) => heard.push(chunk.length), drain() {}, end() {} }),
  })
  const reason = new Error('no longer wanted')
  const abort = new AbortController()
  const stranger = Buffer.from(NodeKey.generate().publicKey).toString('hex')
  const given = a.dial(`enode://${stranger}@${FAR[1]}:30303`, { signal: abort.signal })
  await world.settle()
  expect(heard).toHaveLength(1) // the auth message, which nobody answers
  abort.abort(reason)
  await expect(given).rejects.toBe(reason)
})

test('dial on a server that does not dial rejects and says so', async () => {
  await using world = new World()
  const b = await world.server(FAR[1])
  const a = await world.server(FAR[0], { dials: false, staticNodes: [b.enode] })
  await world.settle()
  expect(a.peers.size).toBe(0)
  await expect(a.dial(b.enode)).rejects.toMatchObject({ message: 'dialing disabled' })
  await expect(a.dial('enode://x')).rejects.toMatchObject({ code: 'ERR_CONFIG' })
})

test('a dialed peer runs its protocols', async () => {
  await using world = new World()
  const b = await world.server(FAR[1])
  const a = await world.server(FAR[0])
  const channel = (await a.dial(b.enode)).peer.channel(echo)
  const answer = await channel!.request('ask', { id: 3n, text: 'hi' }, { reply: 'answer' })
  expect(answer).toEqual({ id: 3n, text: 'hi' })
})
