import { expect, test } from 'vitest'
import { collect, FAR, only, World } from '../../../test/support/servers.ts'
import { type Logger, silentLogger } from '../../base/log.ts'
import { type Enode, Enr, NodeKey, parseEnode } from '../../identity/index.ts'
import type { ServerEvent } from './events.ts'

const dials = (events: readonly ServerEvent[]): number => events.filter((e) => e.type === 'dial').length

/** A record without an address. */
const nowhere = Enr.sign(NodeKey.generate(), { sequence: 1n, entries: {} })

/** Gives what it is told to, and notes how often it was asked and whether it was left. */
function source(nodes: readonly (Enode | Enr)[], endless = false) {
  const state = { asked: 0, left: false }
  const iterable: AsyncIterable<Enode | Enr> = {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const value = nodes[state.asked % Math.max(1, nodes.length)]
        if (state.asked++ >= nodes.length && !endless) return { value: undefined, done: true }
        return { value: value as Enode, done: false }
      },
      async return() {
        state.left = true
        return { value: undefined, done: true }
      },
    }),
  }
  return { state, iterable }
}

test('candidates are dialed while slots for dialing are free', async () => {
  await using world = new World()
  const others = await Promise.all(FAR.slice(1).map((ip) => world.server(ip)))
  const { state, iterable } = source(others.map((o) => parseEnode(o.enode)))
  const a = await world.server(FAR[0], { maxPeers: 6, dialRatio: 3, candidates: iterable })
  await world.settle()
  expect(a.peers.size).toBeGreaterThanOrEqual(2)
  expect(only(others[0]!).inbound).toBe(true)
  expect(state.asked).toBeLessThanOrEqual(5)
})

test('candidates may be signed records as well as enodes', async () => {
  await using world = new World()
  const b = await world.server(FAR[1])
  const { iterable } = source([b.record])
  const a = await world.server(FAR[0], { candidates: iterable })
  await world.settle()
  expect(only(a).id).toBe(b.nodeInfo().id)
  expect(a.peerInfos()).toMatchObject([{ enr: b.record.toString() }])
  expect(b.peerInfos()[0]).not.toHaveProperty('enr')
})

test('a candidate record without an endpoint is skipped, and logged at debug', async () => {
  await using world = new World()
  const b = await world.server(FAR[1])
  const lines: unknown[] = []
  const log: Logger = { ...silentLogger, debug: (...line) => void lines.push(line), child: () => log }
  const { iterable } = source([nowhere, b.record])
  const a = await world.server(FAR[0], { candidates: iterable, log })
  await world.settle()
  expect(a.peers.size).toBe(1)
  expect(lines).toContainEqual(['Skipped node without endpoint', { enr: nowhere.toString() }])
})

test('the same candidate is not dialed again within 35 seconds', async () => {
  await using world = new World()
  const absent = `enode://${Buffer.from(NodeKey.generate().publicKey).toString('hex')}@${FAR[1]}:30303`
  const { iterable } = source([parseEnode(absent)], true)
  const a = await world.server(FAR[0], { candidates: iterable })
  const events = collect(a.events())
  await world.clock.advance(34_000)
  expect(dials(events)).toBe(1)
  await world.clock.advance(3_000)
  expect(dials(events)).toBe(2)
})

test('the redial interval is an option', async () => {
  await using world = new World()
  const absent = `enode://${Buffer.from(NodeKey.generate().publicKey).toString('hex')}@${FAR[1]}:30303`
  const { iterable } = source([parseEnode(absent)], true)
  const a = await world.server(FAR[0], { candidates: iterable, redialInterval: 5_000 })
  const events = collect(a.events())
  await world.clock.advance(4_000)
  expect(dials(events)).toBe(1)
  await world.clock.advance(3_000)
  expect(dials(events)).toBe(2)
})

test('an endless source of useless candidates is pulled with pauses', async () => {
  await using world = new World()
  const { state, iterable } = source([nowhere], true)
  await world.server(FAR[0], { candidates: iterable })
  await world.settle()
  const first = state.asked
  expect(first).toBeLessThanOrEqual(64)
  await world.clock.advance(10_000)
  expect(state.asked).toBeGreaterThan(first)
  expect(state.asked).toBeLessThanOrEqual(64 * 11)
})

test('a source of candidates that fails is not pulled again, and the server goes on', async () => {
  await using world = new World()
  const failing: AsyncIterable<Enode> = {
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.reject(new Error('no')),
      return: () => Promise.reject('no'),
    }),
  }
  const a = await world.server(FAR[0], { candidates: failing })
  await world.settle()
  const b = await world.server('10.0.0.9')
  await b.dial(a.enode)
  expect(a.peers.size).toBe(1)
})

test('the source of candidates is closed with the server', async () => {
  await using world = new World()
  const waiting: { left: boolean } = { left: false }
  const iterable: AsyncIterable<Enode> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      async return() {
        waiting.left = true
        return { value: undefined, done: true }
      },
    }),
  }
  const a = await world.server(FAR[0], { candidates: iterable })
  await a.close()
  expect(waiting.left).toBe(true)
})
