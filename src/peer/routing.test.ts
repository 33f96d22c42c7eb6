import { describe, expect, test } from 'vitest'
import { aborted, channelOf, idle, noting, wire } from '../../test/support/peer-wire.ts'
import { rlp } from '../codec/index.ts'
import { message } from './channel.ts'
import { PeerConnection, transportPipe } from './index.ts'
import { defineProtocol } from './protocol.ts'
import type { MessageKey } from './transport.ts'

describe('routing', () => {
  test('a message goes to the protocol whose range holds its number, with its key relative to that', async () => {
    const [first, second] = [idle('first'), idle('second')]
    const { peer, say } = wire([first, second])
    say('hello', { id: 1 }, 16 + 4)
    const [a, b] = [channelOf(peer, first), channelOf(peer, second)]
    expect(await b.read()).toMatchObject({ key: 0 })
    say('ask', { id: 2 }, 16)
    expect(await a.read()).toMatchObject({ key: 1 })
  })

  test('a message goes to the control when its number is below or above every protocol', async () => {
    const seen: MessageKey[] = []
    const { end, settle } = wire([idle()], { control: noting(seen) })
    end.write(3, new Uint8Array(0))
    end.write(20, new Uint8Array(0))
    await settle()
    expect(seen).toEqual([3, 20])
  })

  test('a message with a textual key goes to the protocol whose table has it, otherwise to the control', async () => {
    const seen: MessageKey[] = []
    const [near, far] = transportPipe()
    const named = (name: string, word: string) =>
      defineProtocol({ name, version: 1, messages: { [word]: message(word, rlp.text) }, run: (p) => aborted(p.signal) })
    const [blocks, relay] = [named('blocks', 'block'), named('relay', 'tx')]
    const peer = new PeerConnection(near, {
      id: 'x',
      inbound: false,
      mounted: [blocks, relay].map((protocol) => ({ protocol, offset: 0 })),
      control: noting(seen),
    })
    far.write('ping', new Uint8Array(0))
    far.write('tx', rlp.text.encode('a transaction'))
    expect(await channelOf(peer, relay).expect('tx')).toBe('a transaction')
    expect(seen).toEqual(['ping'])
    peer.close()
    await peer.closed
  })
})
