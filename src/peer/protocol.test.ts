import { expect, test } from 'vitest'
import type { Codec } from '../codec/index.ts'
import { message, unknownMessages } from './channel.ts'
import { type AnyProtocol, defineProtocol, protocolLength } from './protocol.ts'

const json = <T>(): Codec<T> => ({
  encode: (value) => new TextEncoder().encode(JSON.stringify(value)),
  decode: (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as T,
})

test('a protocol is typed: wrong names and wrong bodies do not compile', () => {
  const typed = defineProtocol({
    name: 'x',
    version: 1,
    messages: { a: message(0, json<{ n: number }>()), b: message(3, json<string>()), rest: unknownMessages() },
    async run(_peer, channel) {
      // @ts-expect-error no such message
      await channel.send('c', 1)
      // @ts-expect-error wrong body
      await channel.send('a', { n: 'one' })
      // @ts-expect-error the answer of a request is a message of the table
      await channel.request('a', { n: 1 }, { reply: 'd' })
      const answer: string = await channel.request('a', { n: 1 }, { reply: 'b', where: (s) => s.length > 0 })
      for await (const m of channel) {
        if (m.name === 'b') m.body satisfies string
        else if (m.name === 'rest') m.body satisfies { readonly key: number | string; readonly payload: Uint8Array }
        else m.body.n satisfies number
      }
      const either = await channel.request(
        'a',
        { n: 1 },
        { reply: ['a', 'b'], where: (m) => m.name === 'b' || m.body.n > 0 },
      )
      if (either.name === 'a') either.body.n satisfies number
      else either.body satisfies string
      // @ts-expect-error each of several answers is a message of the table
      await channel.request('a', { n: 1 }, { reply: ['a', 'd'] })
      const only = await channel.request('a', { n: 1 }, { reply: ['b'] })
      only satisfies { readonly name: 'b'; readonly body: string }
      // @ts-expect-error there are two priorities
      await channel.send('a', { n: 1 }, { priority: 'urgent' })
      void answer
    },
  })
  const any: AnyProtocol = typed
  expect(protocolLength(any)).toBe(4)
})
