/**
 * Tests of a protocol without sockets and without waiting. A scripted protocol lets the test itself speak to the one
 * under test; the clock moves when the test advances it.
 */
import { deepStrictEqual } from 'node:assert/strict'
import { defineProtocol, message, rlp } from 'peerloom'
import { expectMessage, FakeClock, peerPair, scriptedProtocol } from 'peerloom/testing'

const HELLO_TIMEOUT = 5_000

/** Both sides send hello; then every number is answered with its double. */
const doubler = defineProtocol({
  name: 'double',
  version: 1,
  messages: {
    hello: message(0, rlp.struct({ agent: rlp.text })),
    number: message(1, rlp.struct({ value: rlp.uint })),
    double: message(2, rlp.struct({ value: rlp.uint })),
  },
  async run(_peer, channel) {
    await channel.send('hello', { agent: 'doubler/1.0' })
    await channel.expect('hello', { timeout: HELLO_TIMEOUT })
    for await (const msg of channel) {
      if (msg.name === 'number') await channel.send('double', { value: msg.body.value * 2n })
    }
  },
})

async function answersWithTheDouble(): Promise<void> {
  await using pair = peerPair(doubler, scriptedProtocol(doubler))
  const test = pair.channelB
  await expectMessage(test, 'hello', { agent: 'doubler/1.0' })
  await test.send('hello', { agent: 'test' })
  deepStrictEqual(await test.request('number', { value: 21n }, { reply: 'double' }), { value: 42n })
}

async function closesWhenTheFirstMessageIsNotHello(): Promise<void> {
  await using pair = peerPair(doubler, scriptedProtocol(doubler))
  await pair.channelB.send('number', { value: 1n })
  const { cause } = await pair.a.closed
  deepStrictEqual((cause as { code?: string }).code, 'ERR_UNEXPECTED_MESSAGE')
}

async function closesWhenNobodySaysHello(): Promise<void> {
  const clock = new FakeClock()
  await using pair = peerPair(doubler, scriptedProtocol(doubler), { clock })
  await clock.advance(HELLO_TIMEOUT)
  const { cause } = await pair.a.closed
  deepStrictEqual((cause as { code?: string }).code, 'ERR_TIMEOUT')
}

for (const check of [answersWithTheDouble, closesWhenTheFirstMessageIsNotHello, closesWhenNobodySaysHello]) {
  await check()
  console.log(`ok: ${check.name}`)
}
