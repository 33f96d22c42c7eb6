import { expect, test } from 'vitest'
import { FakeClock } from '../base/clock.ts'
import { rlp } from '../codec/index.ts'
import { Enr } from './enr.ts'
import { LocalNode, type LocalNodeOptions } from './local-node.ts'
import { NodeKey } from './node-key.ts'

const key = NodeKey.generate()
const entry = (value: number): Uint8Array => rlp.number.encode(value)

/** A local node and every record it reported as new. */
function localNode(options: Partial<LocalNodeOptions> = {}) {
  const clock = new FakeClock()
  const reported: Enr[] = []
  const node = new LocalNode({ key, clock, onRecord: (record) => reported.push(record), ...options })
  return { node, clock, reported }
}

test('the sequence of a local node begins with the Unix time in milliseconds', async () => {
  const { node, clock } = localNode()
  await clock.advance(1_234)
  expect(node.record.sequence).toBe(BigInt(clock.unixTime()))
})

test('the sequence of a local node grows by one exactly when an entry changes', async () => {
  const { node, clock, reported } = localNode()
  node.set('a', { x: entry(1) })
  const first = node.record.sequence
  await clock.advance(60_000)
  node.set('a', { x: entry(1) })
  expect(node.record.sequence).toBe(first)
  node.set('a', { x: entry(2) })
  expect(node.record.sequence).toBe(first + 1n)
  node.set('a', { x: entry(2), y: entry(1) })
  expect(node.record.sequence).toBe(first + 2n)
  node.set('a', { y: entry(1) })
  expect([node.record.sequence, node.record.keys]).toEqual([first + 3n, ['id', 'secp256k1', 'y']])
  expect(reported.map(({ sequence }) => sequence)).toEqual([first, first + 1n, first + 2n, first + 3n])
})

test('a local node signs lazily: changes that nobody reads cost no sequence number', () => {
  const { node, reported } = localNode()
  const first = node.record.sequence
  for (let i = 1; i <= 10; i++) node.set('a', { x: entry(i) })
  expect(reported).toHaveLength(1)
  expect(node.record.sequence).toBe(first + 1n)
  node.set('a', { x: entry(11) })
  node.set('a', { x: entry(10) })
  expect(node.record.sequence).toBe(first + 1n)
  expect(node.record).toBe(node.record)
})

test('of two sources with the same key the later one counts, as long as it has the entry', () => {
  const { node } = localNode()
  node.set('a', { x: entry(1) })
  node.set('b', { x: entry(2) })
  expect(node.record.get('x')).toEqual(entry(2))
  node.set('b', {})
  expect(node.record.get('x')).toEqual(entry(1))
})

test('a record changed from outside after set does not change what is signed', () => {
  const { node } = localNode()
  const entries: Record<string, Uint8Array> = { x: entry(1) }
  node.set('a', entries)
  entries.x = entry(2)
  expect(node.record.get('x')).toEqual(entry(1))
})

test('a kept record stays while its entries do, and its sequence goes on when they change', () => {
  const before = localNode()
  before.node.set('a', { x: entry(1) })
  const kept = Enr.parse(before.node.record.toString())
  const { node, reported } = localNode({ kept })
  node.set('a', { x: entry(1) })
  expect([node.record.sequence, reported]).toEqual([kept.sequence, []])
  node.set('a', { x: entry(2) })
  expect([node.record.sequence, reported.length]).toEqual([kept.sequence + 1n, 1])
})

test('a kept record of another key is ignored', () => {
  const kept = Enr.sign(NodeKey.generate(), { sequence: 1n << 60n, entries: {} })
  const { node, clock } = localNode({ kept })
  expect(node.record.publicKey).toEqual(key.publicKey)
  expect(node.record.sequence).toBe(BigInt(clock.unixTime()))
})

test('entries over 300 bytes throw, and cost no sequence number', () => {
  const { node } = localNode()
  const first = node.record.sequence
  node.set('a', { long: rlp.bytes.encode(new Uint8Array(280)) })
  expect(() => node.record).toThrow(expect.objectContaining({ code: 'ERR_ENR' }))
  expect(() => node.record).toThrow(expect.objectContaining({ code: 'ERR_ENR' }))
  node.set('a', { x: entry(1) })
  expect(node.record.sequence).toBe(first + 1n)
})
