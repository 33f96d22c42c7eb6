import { expect, test } from 'vitest'
import { FakeClock } from '../base/clock.ts'
import { RULE_WINDOW, RuleWatch } from './rule-watch.ts'

const RULE = 'ERR_RULE'

function watchOf(...peers: string[]) {
  const clock = new FakeClock()
  const watch = new RuleWatch({ clock })
  for (const id of peers) watch.joined(id)
  /** A peer breaks the rule and goes. */
  const drop = (id: string, code = RULE) => {
    watch.left(id)
    return watch.broke(code, id)
  }
  return { clock, watch, drop }
}

test('a rule that most of the peers there were break is suspended', () => {
  const { watch, drop } = watchOf('a', 'b', 'c', 'd', 'e')
  expect([drop('a'), drop('b'), watch.isSuspended(RULE)]).toEqual([undefined, undefined, false])
  expect([drop('c'), watch.isSuspended(RULE), watch.isSuspended('ERR_OTHER')]).toEqual(['suspended', true, false])
  expect(drop('d')).toBeUndefined()
})

test('a rule that half of the peers break stays in force', () => {
  const { watch, drop } = watchOf('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')
  for (const id of ['a', 'b', 'c', 'd']) drop(id)
  expect(watch.isSuspended(RULE)).toBe(false)
})

test('one node that breaks a rule again and again is one node', () => {
  const { watch, drop } = watchOf('a', 'b', 'c')
  for (let i = 0; i < 10; i++) {
    drop('a')
    watch.joined('a')
  }
  expect([watch.nodes(RULE), watch.peers, watch.isSuspended(RULE)]).toEqual([1, 3, false])
})

test('two nodes are too few to suspend a rule, even when they are all there are', () => {
  const { watch, drop } = watchOf('a', 'b')
  drop('a')
  drop('b')
  expect(watch.isSuspended(RULE)).toBe(false)
})

test('different rules that most peers break are not one', () => {
  const { watch, drop } = watchOf('a', 'b', 'c', 'd')
  for (const id of ['a', 'b', 'c', 'd']) drop(id, `ERR_${id}`)
  expect(['a', 'b', 'c', 'd'].map((id) => watch.isSuspended(`ERR_${id}`))).toEqual(Array(4).fill(false))
})

test('a suspended rule is restored by the first fault after which it is no longer broken by most', async () => {
  const { clock, watch, drop } = watchOf('a', 'b', 'c')
  for (const id of ['a', 'b', 'c']) drop(id)
  expect(watch.isSuspended(RULE)).toBe(true)
  await clock.advance(RULE_WINDOW)
  for (const id of ['x', 'y', 'z']) watch.joined(id)
  expect([drop('x'), watch.isSuspended(RULE)]).toEqual(['restored', false])
})

test('peers that left before the window do not count', async () => {
  const { clock, watch } = watchOf('a', 'b')
  watch.left('a')
  expect(watch.peers).toBe(2)
  await clock.advance(RULE_WINDOW)
  expect(watch.peers).toBe(1)
})
