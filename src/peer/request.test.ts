import { expect, test } from 'vitest'
import { channelOf, idle, speaking, wire, words } from '../../test/support/peer-wire.ts'
import { rlp } from '../codec/index.ts'

const byId =
  (id: number) =>
  (body: { id: number }): boolean =>
    body.id === id

const answer = (id: number) => ({ id, data: Uint8Array.of(id & 0xff) })

test('answers find their requests by the condition, in whatever order they come', async () => {
  const protocol = idle()
  const { peer, say } = wire([protocol])
  const channel = channelOf(peer, protocol)
  const requests = [1, 2, 3].map((id) => channel.request('ask', { id }, { reply: 'answer', where: byId(id) }))
  for (const id of [3, 1, 2]) say('answer', answer(id))
  expect(await Promise.all(requests)).toEqual([1, 2, 3].map(answer))
})

test('without a condition the first request in flight gets the first answer', async () => {
  const protocol = idle()
  const { peer, say } = wire([protocol])
  const channel = channelOf(peer, protocol)
  const requests = [1, 2].map((id) => channel.request('ask', { id }, { reply: 'answer' }))
  say('answer', answer(8))
  say('answer', answer(9))
  expect(await Promise.all(requests)).toEqual([answer(8), answer(9)])
})

test('a request that names several answers resolves with the first that comes, and tells which', async () => {
  const protocol = idle()
  const { peer, say, settle } = wire([protocol])
  const channel = channelOf(peer, protocol)
  const [first, second] = [1, 2].map((id) => channel.request('ask', { id }, { reply: ['answer', 'hello'] }))
  say('hello', { id: 5 })
  say('answer', answer(6))
  expect(await first).toEqual({ name: 'hello', body: { id: 5 } })
  expect(await second).toEqual({ name: 'answer', body: answer(6) })
  say('hello', { id: 7 })
  say('answer', answer(8))
  await settle()
  expect([await channel.expect('hello'), await channel.expect('answer')]).toEqual([{ id: 7 }, answer(8)])
})

test('the condition of a request that names several answers sees name and body', async () => {
  const protocol = idle()
  const { peer, say } = wire([protocol])
  const request = channelOf(peer, protocol).request(
    'ask',
    { id: 1 },
    { reply: ['answer', 'hello'], where: ({ name, body }) => name === 'hello' && body.id === 1 },
  )
  say('answer', answer(1))
  say('hello', { id: 2 })
  say('hello', { id: 1 })
  expect(await request).toEqual({ name: 'hello', body: { id: 1 } })
})

test('the iterator does not see an answer that a request took, and sees one that none accepted', async () => {
  const seen: unknown[] = []
  const protocol = speaking(async (channel) => {
    for await (const { name, body } of channel) seen.push([name, body])
  })
  const { peer, say, settle } = wire([protocol])
  const request = channelOf(peer, protocol).request('ask', { id: 1 }, { reply: 'answer', where: byId(1) })
  say('answer', answer(7))
  say('hello', { id: 5 })
  say('answer', answer(1))
  await request
  await settle()
  expect(seen).toEqual([
    ['answer', answer(7)],
    ['hello', { id: 5 }],
  ])
})

test('an answer overtakes messages that the protocol has not read', async () => {
  const protocol = idle()
  const { peer, say } = wire([protocol])
  const channel = channelOf(peer, protocol)
  for (let i = 0; i < 10; i++) say('bulk', new Uint8Array(100))
  const request = channel.request('ask', { id: 1 }, { reply: 'answer' })
  say('answer', answer(1))
  expect(await request).toEqual(answer(1))
})

test('a request without an answer in time is a TimeoutError, and a late answer goes to the iterator', async () => {
  const protocol = idle()
  const { peer, clock, say } = wire([protocol])
  const channel = channelOf(peer, protocol)
  const request = channel.request('ask', { id: 1 }, { reply: 'answer', where: byId(1), timeout: 500 })
  const failed = expect(request).rejects.toMatchObject({ code: 'ERR_TIMEOUT', timeout: 500 })
  await clock.advance(500)
  await failed
  expect(peer.signal.aborted).toBe(false)
  say('answer', answer(1))
  expect(await channel.expect('answer')).toEqual(answer(1))
})

test('a request with a timeout keeps the process alive until it is answered', async () => {
  const protocol = idle()
  const { peer, clock, say } = wire([protocol])
  expect(clock.holds).toBe(0)
  const request = channelOf(peer, protocol).request('ask', { id: 1 }, { reply: 'answer', timeout: 500 })
  expect(clock.holds).toBe(1)
  say('answer', answer(1))
  await request
  expect(clock.holds).toBe(0)
})

test('an answered request leaves no timer', async () => {
  const protocol = idle()
  const { peer, clock, say } = wire([protocol])
  const request = channelOf(peer, protocol).request('ask', { id: 1 }, { reply: 'answer', timeout: 500 })
  say('answer', answer(1))
  await request
  expect(clock.pending).toBe(0)
})

test('a signal ends a request with its reason, before or after it was made', async () => {
  const protocol = idle()
  const { peer, settle, keys } = wire([protocol])
  const channel = channelOf(peer, protocol)
  const abort = new AbortController()
  const request = channel.request('ask', { id: 1 }, { reply: 'answer', signal: abort.signal })
  abort.abort('enough')
  await expect(request).rejects.toBe('enough')
  const after = channel.request('ask', { id: 2 }, { reply: 'answer', signal: abort.signal })
  await expect(after).rejects.toBe('enough')
  await settle()
  expect(keys).toEqual([])
})

test.each(['remote', 'local'] as const)('requests end with the peer when the %s side closes', async (side) => {
  const protocol = idle()
  const { peer, end, clock } = wire([protocol])
  const channel = channelOf(peer, protocol)
  const requests = Array.from({ length: 10 }, (_, id) =>
    channel.request('ask', { id }, { reply: 'answer', timeout: 9 }),
  )
  const failures = Promise.allSettled(requests)
  if (side === 'remote') void end.close()
  else peer.close('enough')
  for (const failure of await failures) {
    expect(failure).toMatchObject({ status: 'rejected', reason: { code: 'ERR_PEER_CLOSED', side } })
  }
  await expect(channel.request('ask', { id: 1 }, { reply: 'answer' })).rejects.toMatchObject({ side })
  await peer.closed
  expect(clock.pending).toBe(0)
})

test('a thousand requests may be in flight at once', async () => {
  const protocol = idle()
  const { peer, clock, say } = wire([protocol])
  const channel = channelOf(peer, protocol)
  const requests = Array.from({ length: 1_000 }, (_, id) =>
    channel.request('ask', { id }, { reply: 'answer', where: byId(id), timeout: 1_000, signal: peer.signal }),
  )
  for (let id = 999; id >= 0; id--) say('answer', answer(id))
  const answers = await Promise.all(requests)
  expect(answers.map(({ id }) => id)).toEqual(Array.from({ length: 1_000 }, (_, id) => id))
  expect(clock.pending).toBe(0)
})

test('a malformed answer closes the peer, and the request ends with it', async () => {
  const protocol = idle()
  const { peer, end } = wire([protocol])
  const request = channelOf(peer, protocol).request('ask', { id: 1 }, { reply: 'answer' })
  const failed = expect(request).rejects.toMatchObject({ code: 'ERR_PEER_CLOSED', cause: { name: 'CodecError' } })
  end.write(18, Uint8Array.of(0xc1, 0x01, 0x01))
  await failed
  expect((await peer.closed).cause).toMatchObject({ name: 'CodecError' })
})

test('a request that cannot be encoded rejects and leaves nothing waiting', async () => {
  const protocol = idle()
  const { peer, clock, say } = wire([protocol])
  const channel = channelOf(peer, protocol)
  await expect(channel.request('ask', { id: -1 }, { reply: 'answer', timeout: 500 })).rejects.toThrow()
  expect(clock.pending).toBe(0)
  say('answer', answer(1))
  expect(await channel.expect('answer')).toEqual(answer(1))
})

test('a reply that the table lacks is an internal error', async () => {
  const protocol = idle()
  const { peer } = wire([protocol])
  for (const reply of ['nonsense' as 'answer', ['answer', 'nonsense' as 'answer']] as const) {
    const request = channelOf(peer, protocol).request('ask', { id: 1 }, { reply })
    await expect(request).rejects.toMatchObject({ code: 'ERR_INTERNAL', message: expect.stringContaining('nonsense') })
  }
})

test('an answer may come in the same tick as the question', async () => {
  const echo = speaking(async (channel) => {
    for await (const { name, body } of channel) if (name === 'ask') await channel.send('answer', answer(body.id))
  }, 'echo')
  const protocol = idle()
  const { peer, end, frames, settle } = wire([protocol, echo])
  const request = channelOf(peer, protocol).request('ask', { id: 4 }, { reply: 'answer' })
  end.write(18, words.answer.codec.encode(answer(4)))
  expect(await request).toEqual(answer(4))
  end.write(21, rlp.struct({ id: rlp.number }).encode({ id: 6 }))
  await settle()
  expect(frames.at(-1)?.key).toBe(22)
})
