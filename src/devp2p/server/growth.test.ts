import { expect, test } from 'vitest'
import { collectGarbage } from '../../../test/support/garbage.ts'
import { echo } from '../../../test/support/servers.ts'
import type { Subscription } from '../../base/events.ts'
import { NodeKey } from '../../identity/index.ts'
import type { ServerEvent } from './events.ts'
import { Server } from './server.ts'
import type { ServerPeer } from './server-peer.ts'

const PEERS = 200

test('a server forgets peers that have gone, whoever ended it: nothing keeps them in memory, on either side', async () => {
  await using callee = await Server.listen({ key: NodeKey.generate(), protocols: [echo], listen: '127.0.0.1:0' })
  await using caller = await Server.listen({ key: NodeKey.generate(), protocols: [echo] })
  const seen: WeakRef<ServerPeer>[] = []
  await comeAndGo(caller, callee, PEERS, seen)
  await collectGarbage()
  const kept = seen.filter((peer) => peer.deref() !== undefined)
  expect(seen).toHaveLength(2 * PEERS)
  expect(kept.length).toBeLessThan(5) // the last ones may lie in a register still
})

async function comeAndGo(caller: Server, callee: Server, times: number, seen: WeakRef<ServerPeer>[]): Promise<void> {
  using events = callee.events()
  for (let i = 0; i < times; i++) {
    const peer = await caller.dial(callee.enode)
    const other = await nextOf(events, 'add')
    seen.push(new WeakRef(peer), new WeakRef(other))
    const leaving = i % 2 === 0 ? peer : other
    leaving.disconnect()
    await Promise.all([nextOf(events, 'drop'), peer.peer.closed])
  }
}

async function nextOf(events: Subscription<ServerEvent>, type: 'add' | 'drop'): Promise<ServerPeer> {
  for (;;) {
    const { value } = await events.next()
    if (value?.type === type) return value.peer
  }
}
