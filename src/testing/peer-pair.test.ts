import { AssertionError } from 'node:assert'
import { describe, expect, test } from 'vitest'
import { rlp } from '../codec/index.ts'
import { defineProtocol, message } from '../peer/index.ts'
import { expectMessage, FakeClock, peerPair, puppet } from './index.ts'

const echo = defineProtocol({
  name: 'echo',
  version: 1,
  messages: { say: message(0, rlp.struct({ text: rlp.text })) },
  async run(_peer, channel) {
    for await (const { body } of channel) await channel.send('say', body)
  },
})

describe('peerPair', () => {
  test('joins a protocol to a puppet that the test speaks through', async () => {
    await using pair = peerPair(echo, puppet(echo))
    await pair.channelB.send('say', { text: 'hi' })
    await expectMessage(pair.channelB, 'say', { text: 'hi' })
    expect(pair.a.inbound).toBe(false)
    expect(pair.b.inbound).toBe(true)
  })

  test('expectMessage shows how the body differs', async () => {
    await using pair = peerPair(echo, puppet(echo))
    await pair.channelB.send('say', { text: 'hi' })
    await expect(expectMessage(pair.channelB, 'say', { text: 'ho' })).rejects.toBeInstanceOf(AssertionError)
  })

  test('a deadline runs on the clock of the pair', async () => {
    const clock = new FakeClock()
    await using pair = peerPair(echo, puppet(echo), { clock })
    const late = expect(pair.channelB.expect('say', { timeout: 1_000 })).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
    await clock.advance(1_000)
    await late
  })

  test('both ends have ended once it is disposed of, and no timer is left', async () => {
    const clock = new FakeClock()
    const pair = peerPair(echo, puppet(echo), { clock })
    await pair[Symbol.asyncDispose]()
    expect(pair.a.signal.aborted && pair.b.signal.aborted).toBe(true)
    expect(clock.pending).toBe(0)
  })

  test('a puppet of a protocol whose length exceeds its table keeps that length', () => {
    expect(puppet(defineProtocol({ ...echo, length: 8 })).length).toBe(8)
  })
})
