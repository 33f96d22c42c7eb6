import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FakeClock } from '../base/clock.ts'
import { type ErrorCode, PeerClosedError, ProtocolError, TimeoutError } from '../base/errors.ts'
import { BAN_TIMEOUT, MAX_BAN_TIMEOUT, Reputation, type ReputationOptions, ruleOf } from './reputation.ts'
import { parseReputation } from './reputation-record.ts'
import { SCORE_HALF_LIFE } from './scores.ts'

const ID = 'a'.repeat(64)
const fault = (penalty: number, code: ErrorCode = 'ERR_RULE') => new ProtocolError(code, 'false answer', { penalty })

function reputation(options: ReputationOptions = {}) {
  const clock = new FakeClock()
  return { clock, nodes: new Reputation({ clock, ...options }) }
}

/** Record that a file of this reputation would hold. */
const reread = (nodes: Reputation) => parseReputation(JSON.parse(JSON.stringify(nodes)))

test('a node is banned for an hour when its penalties reach 100, with the reason', async () => {
  const { clock, nodes } = reputation()
  expect(nodes.penalize(ID, fault(60))).toEqual({ score: 60 })
  expect(nodes.banOf(ID)).toBeUndefined()
  expect(nodes.penalize(ID, fault(60)).ban).toMatchObject({ reason: 'false answer', code: 'ERR_RULE', count: 1 })
  expect(nodes.bans()).toEqual([{ id: ID, until: clock.unixTime() + BAN_TIMEOUT, reason: 'false answer', score: 100 }])
  await clock.advance(BAN_TIMEOUT - 1)
  expect(nodes.banOf(ID)).toBeDefined()
  await clock.advance(1)
  expect([nodes.banOf(ID), nodes.bans()]).toEqual([undefined, []])
})

test('an error without a penalty changes nothing', () => {
  let changes = 0
  const { nodes } = reputation({ onChange: () => changes++ })
  expect(nodes.penalize(ID, new TimeoutError('pong', 1))).toEqual({ score: 0 })
  expect(changes).toBe(0)
})

test('bans of a node double up to a day, and begin anew after a day without one', async () => {
  const { clock, nodes } = reputation()
  const lengths: number[] = []
  for (let i = 0; i < 7; i++) {
    const { ban } = nodes.penalize(ID, fault(100))
    lengths.push((ban?.until ?? 0) - clock.now())
    await clock.advance(lengths.at(-1) as number)
  }
  expect(lengths.map((length) => length / BAN_TIMEOUT)).toEqual([1, 2, 4, 8, 16, 24, 24])
  await clock.advance(MAX_BAN_TIMEOUT)
  expect((nodes.penalize(ID, fault(100)).ban?.until ?? 0) - clock.now()).toBe(BAN_TIMEOUT)
})

test('the length of bans is an option', () => {
  const { nodes } = reputation({ banTimeout: 5_000, maxBanTimeout: 1_000 })
  expect(nodes.penalize(ID, fault(100)).ban?.until).toBe(5_000)
})

test('a node that comes back from its ban has half of its score against it', async () => {
  const { clock, nodes } = reputation()
  nodes.penalize(ID, fault(100))
  await clock.advance(BAN_TIMEOUT)
  expect(nodes.scoreOf(ID)).toBeCloseTo(50)
  nodes.penalize(ID, fault(20))
  nodes.penalize(ID, fault(20))
  expect(nodes.banOf(ID)).toBeUndefined()
  expect(nodes.penalize(ID, fault(20)).ban).toBeDefined()
})

test('an exempt node has a score and is not banned', () => {
  const { nodes } = reputation()
  expect(nodes.penalize(ID, fault(100), true)).toEqual({ score: 100 })
  expect([nodes.scoreOf(ID), nodes.banOf(ID)]).toEqual([100, undefined])
})

test('a ban by score is of no address', () => {
  const { nodes } = reputation()
  nodes.penalize(ID, fault(100))
  expect(nodes.bans().map(({ ip }) => ip)).toEqual([undefined])
})

test('addresses are banned for a node, and lifted with it', async () => {
  const { clock, nodes } = reputation()
  nodes.banIps(['10.0.0.1', '10.0.0.2'], ID, 5_000)
  nodes.banIps(['10.0.0.3'], 'b', Number.MAX_VALUE)
  expect(nodes.ipBanOf('10.0.0.1')).toMatchObject({ node: ID, reason: 'banned by the operator' })
  expect(nodes.bans().map(({ ip }) => ip)).toEqual(['10.0.0.3', '10.0.0.1', '10.0.0.2'])
  expect([nodes.lift(ID), nodes.ipBanOf('10.0.0.2'), nodes.lift(ID)]).toEqual([true, undefined, false])
  expect([nodes.lift(ID, '10.0.0.3'), nodes.bans()]).toEqual([true, []])
  nodes.banIps(['10.0.0.1'], ID, 5_000)
  await clock.advance(5_000)
  expect(nodes.ipBanOf('10.0.0.1')).toBeUndefined()
})

test('a ban of an address is not shortened by one for another node, and replaced by one for the same', () => {
  const { clock, nodes } = reputation()
  nodes.banIps(['10.0.0.1'], 'a', 5_000)
  nodes.banIps(['10.0.0.1'], 'b', 1_000)
  expect(nodes.ipBanOf('10.0.0.1')).toMatchObject({ node: 'a', until: clock.now() + 5_000 })
  nodes.banIps(['10.0.0.1'], 'a', 1_000)
  expect(nodes.ipBanOf('10.0.0.1')).toMatchObject({ node: 'a', until: clock.now() + 1_000 })
  nodes.banIps(['10.0.0.1'], 'b', 5_000)
  expect(nodes.ipBanOf('10.0.0.1')).toMatchObject({ node: 'b', until: clock.now() + 5_000 })
})

test('lifting the ban of a node takes its score back', () => {
  const { nodes } = reputation()
  nodes.penalize(ID, fault(100))
  expect([nodes.lift(ID), nodes.scoreOf(ID), nodes.banOf(ID)]).toEqual([true, 0, undefined])
})

test('lifting a rule lifts its bans and no others', () => {
  const { nodes } = reputation()
  nodes.penalize('a', fault(100, 'ERR_WRONG'))
  nodes.penalize('b', new PeerClosedError('local', 'x', { cause: fault(100, 'ERR_WRONG') }))
  nodes.penalize('c', fault(100, 'ERR_RIGHT'))
  expect(nodes.liftRule('ERR_WRONG')).toEqual(['a', 'b'])
  expect(['a', 'b', 'c'].map((id) => nodes.banOf(id) !== undefined)).toEqual([false, false, true])
  expect(nodes.scoreOf('a')).toBe(0)
})

test('the rule of a closed peer is that of its cause', () => {
  expect(ruleOf(new PeerClosedError('local', 'x', { cause: fault(1, 'ERR_WRONG') }))).toBe('ERR_WRONG')
  expect(ruleOf(new PeerClosedError('remote', 'x'))).toBe('ERR_PEER_CLOSED')
  expect(ruleOf(fault(1))).toBe('ERR_RULE')
})

test('scores, bans and their counts come back from a file, as old as they are', async () => {
  const { clock, nodes } = reputation()
  nodes.penalize('a', fault(100))
  nodes.penalize('b', fault(80))
  nodes.banIps(['10.0.0.1'], 'c', 3 * BAN_TIMEOUT)
  const kept = reread(nodes)
  await clock.advance(1_000)
  const later = new FakeClock(clock.unixTime() + SCORE_HALF_LIFE / 2)
  const back = new Reputation({ clock: later, kept })
  expect(back.bans()).toEqual(nodes.bans())
  expect(back.scoreOf('b')).toBeCloseTo(80 / Math.SQRT2, 0)
  await later.advance(BAN_TIMEOUT)
  expect([back.banOf('a'), back.ipBanOf('10.0.0.1')?.node]).toEqual([undefined, 'c'])
  expect((back.penalize('a', fault(100)).ban?.until ?? 0) - later.now()).toBe(2 * BAN_TIMEOUT)
})

test('a ban from a file is never longer than the longest ban by score', () => {
  const { clock, nodes } = reputation()
  nodes.penalize(ID, fault(100))
  const kept = reread(nodes)
  const past = new FakeClock(clock.unixTime() - 1_000 * BAN_TIMEOUT) // the clock on the wall was moved back
  const [ban] = new Reputation({ clock: past, kept }).bans()
  expect(ban?.until).toBe(past.unixTime() + MAX_BAN_TIMEOUT)
})

test('text of the remote in a reason is cut, and the file is read back all the same', () => {
  const { nodes } = reputation()
  nodes.penalize(ID, new ProtocolError('ERR_RULE', 'x'.repeat(100_000), { penalty: 100 }))
  expect(reread(nodes).ids[0]?.reason).toHaveLength(200)
})

test.each<[string, unknown]>([
  ['null', null],
  ['a list', []],
  ['another version', { version: 2, ids: [], ips: [], scores: [] }],
  ['no lists', { version: 1 }],
  ['a ban that is none', { version: 1, ids: [7], ips: [], scores: [] }],
  ['a ban without an end', { version: 1, ids: [{ key: 'a', reason: 'x', score: 1, count: 1 }], ips: [], scores: [] }],
  ['a score over 100', { version: 1, ids: [], ips: [], scores: [{ id: 'a', score: 1e9, at: 0 }] }],
  ['too long a key', { version: 1, ids: [], ips: [], scores: [{ id: 'a'.repeat(300), score: 1, at: 0 }] }],
  ['too many entries', { version: 1, ids: [], ips: [], scores: Array(20_001).fill({ id: 'a', score: 1, at: 0 }) }],
])('a file of bans that holds %s is refused', (_what, value) => {
  expect(() => parseReputation(value)).toThrow(expect.objectContaining({ field: 'bans' }))
})

test('a file of bans is refused with a ConfigError or taken, whatever it holds', () => {
  const { clock } = reputation()
  const entry = fc.record({
    key: fc.string(),
    until: fc.anything(),
    reason: fc.string(),
    score: fc.double(),
    count: fc.nat(),
  })
  const file = fc.record({
    version: fc.constant(1),
    ids: fc.array(entry),
    ips: fc.array(entry),
    scores: fc.constant([]),
  })
  fc.assert(
    fc.property(fc.oneof(fc.anything(), file), (value) => {
      try {
        new Reputation({ clock, kept: parseReputation(value) }).bans()
      } catch (error) {
        expect(error).toMatchObject({ field: 'bans' })
      }
    }),
  )
})

test('whatever the operator, an error or a clock says, the record can be read again', async () => {
  const clock = new FakeClock(1_000)
  const nodes = new Reputation({ clock, banTimeout: 0 })
  for (let i = 0; i < 1_100; i++) nodes.penalize(ID, fault(100))
  expect(nodes.penalize(ID, fault(Number.NaN))).toEqual({ score: 100 })
  expect(() => nodes.banIps(['10.0.0.1'], ID, Number.NaN)).toThrow('not a number of milliseconds')
  expect(() => nodes.banIps(['10.0.0.1'], ID, -1)).toThrow('not a number of milliseconds')
  nodes.banIps(['10.0.0.1'], ID, Number.POSITIVE_INFINITY)
  await clock.advance(2_000)
  clock.unixTime = () => 500 // the system clock was set back
  expect(reread(nodes)).toMatchObject({
    ids: [{ count: 1_000, until: 0 }],
    ips: [{ key: '10.0.0.1' }],
    scores: [{ at: 0 }],
  })
})
