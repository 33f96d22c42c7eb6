import { AssertionError } from 'node:assert'
import { expect, test } from 'vitest'
import { rlp } from '../codec/index.ts'
import { defineProtocol, message } from '../peer/index.ts'
import { expectMessage, FakeClock, peerPair, scriptedProtocol } from './index.ts'

const echo = defineProtocol({
  name: 'echo',
  version: 1,
  messages: { say: message(0, rlp.struct({ text: rlp.text })) },
  async run(_peer, channel) {
    for await (const { body } of channel) await channel.send('say', body)
  },
})

test('peerPair joins a protocol to a scripted one through which the test speaks', async () => {
  await using pair = peerPair(echo, scriptedProtocol(echo))
  await pair.channelB.send('say', { text: 'hi' })
  await expectMessage(pair.channelB, 'say', { text: 'hi' })
  expect(pair.a.inbound).toBe(false)
  expect(pair.b.inbound).toBe(true)
})

test('expectMessage throws an AssertionError when the body differs', async () => {
  await using pair = peerPair(echo, scriptedProtocol(echo))
  await pair.channelB.send('say', { text: 'hi' })
  await expect(expectMessage(pair.channelB, 'say', { text: 'ho' })).rejects.toBeInstanceOf(AssertionError)
})

test('a deadline on a channel of a pair runs on the clock of the pair', async () => {
  const clock = new FakeClock()
  await using pair = peerPair(echo, scriptedProtocol(echo), { clock })
  const late = expect(pair.channelB.expect('say', { timeout: 1_000 })).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
  await clock.advance(1_000)
  await late
})

test('both ends of a pair have ended once it is disposed of, and no timer is left', async () => {
  const clock = new FakeClock()
  const pair = peerPair(echo, scriptedProtocol(echo), { clock })
  await pair[Symbol.asyncDispose]()
  expect(pair.a.signal.aborted && pair.b.signal.aborted).toBe(true)
  expect(clock.pending).toBe(0)
})

test('a scripted protocol keeps a length that exceeds the table', () => {
  expect(scriptedProtocol(defineProtocol({ ...echo, length: 8 })).length).toBe(8)
})
