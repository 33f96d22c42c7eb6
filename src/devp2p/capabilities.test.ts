import { expect, test } from 'vitest'
import { rlp } from '../codec/index.ts'
import { type AnyProtocol, defineProtocol, message } from '../peer/index.ts'
import { capabilitiesOf, formatCapability, matchProtocols } from './capabilities.ts'

function protocol(name: string, version = 1, length?: number): AnyProtocol {
  const messages = { a: message(0, rlp.bytes), c: message(2, rlp.bytes) } // three ids: one of them is not used
  return defineProtocol({ name, version, ...(length !== undefined && { length }), messages, run: async () => {} })
}

const cap = (name: string, version = 1) => ({ name, version })

function matched(local: readonly AnyProtocol[], remote: readonly { name: string; version: number }[]): string[] {
  return matchProtocols(local, remote).map(({ protocol: p, offset }) => `${formatCapability(p)}@${offset}`)
}

// The cases of go-ethereum's TestMatchProtocols (p2p/peer_test.go), restated; lengths are given there as here.
test.each([
  { why: 'no remote capabilities', local: [protocol('a')], remote: [], want: [] },
  { why: 'no local protocols', local: [], remote: [cap('a')], want: [] },
  { why: 'no mutual protocols', local: [protocol('a')], remote: [cap('match1'), cap('match2')], want: [] },
  {
    why: 'some matches, some differences',
    local: [protocol('local', 1, 1), protocol('match1', 1, 1), protocol('match2', 1, 1)],
    remote: [cap('match1'), cap('match2'), cap('remote')],
    want: ['match1/1@16', 'match2/1@17'],
  },
  {
    why: 'various alphabetical orderings',
    local: [protocol('aa', 1, 1), protocol('ab', 1, 1), protocol('bb', 1, 1), protocol('ba', 1, 1)],
    remote: [cap('ba'), cap('bb'), cap('ab'), cap('aa')],
    want: ['aa/1@16', 'ab/1@17', 'ba/1@18', 'bb/1@19'],
  },
  { why: 'no mutual versions', local: [protocol('v', 1)], remote: [cap('v', 2)], want: [] },
  {
    why: 'a local version that the remote lacks',
    local: [protocol('v', 1, 1), protocol('v', 2, 2)],
    remote: [cap('v', 1)],
    want: ['v/1@16'],
  },
  {
    why: 'a remote version that we lack',
    local: [protocol('v', 1, 1)],
    remote: [cap('v', 1), cap('v', 2)],
    want: ['v/1@16'],
  },
  {
    why: 'several common versions: the highest one',
    local: [protocol('v', 1, 1), protocol('v', 2, 2), protocol('v', 3, 3), protocol('v', 4, 4)],
    remote: [cap('v', 1), cap('v', 2), cap('v', 3)],
    want: ['v/3@16'],
  },
  {
    why: 'the offsets after a protocol whose lower version was longer or shorter',
    local: [protocol('a', 1, 17), protocol('a', 2, 8), protocol('b', 1, 3), protocol('c', 1, 1)],
    remote: [cap('c'), cap('a', 1), cap('a', 2), cap('b')],
    want: ['a/2@16', 'b/1@24', 'c/1@27'],
  },
])('matchProtocols: $why', ({ local, remote, want }) => {
  expect(matched(local, remote)).toEqual(want)
})

test('matchProtocols gives both sides the same offsets, whatever the order of their capabilities', () => {
  const ours = [protocol('snap', 1, 8), protocol('eth', 69, 18), protocol('eth', 68, 17), protocol('wit', 0, 4)]
  const theirs = [protocol('wit', 0, 4), protocol('eth', 68, 17), protocol('eth', 69, 18), protocol('snap', 1, 8)]
  expect(matched(ours, capabilitiesOf(theirs))).toEqual(matched(theirs, capabilitiesOf(ours)))
  expect(matched(ours, capabilitiesOf(theirs))).toEqual(['eth/69@16', 'snap/1@34', 'wit/0@42'])
})

test('matchProtocols counts a repeated capability once', () => {
  expect(matched([protocol('a'), protocol('b')], [cap('a'), cap('a'), cap('b')])).toEqual(['a/1@16', 'b/1@19'])
})

test('matchProtocols reserves the ids up to the highest one of a protocol without length', () => {
  expect(matched([protocol('a'), protocol('b')], [cap('a'), cap('b')])).toEqual(['a/1@16', 'b/1@19'])
})

test('matchProtocols orders names by code units, as go-ethereum orders bytes: upper case comes first', () => {
  const local = [protocol('a', 1, 1), protocol('B', 1, 1), protocol('b', 1, 1)]
  expect(matched(local, [cap('b'), cap('a'), cap('B')])).toEqual(['B/1@16', 'a/1@17', 'b/1@18'])
})

test('capabilitiesOf lists protocols in the order of name and version', () => {
  expect(capabilitiesOf([protocol('snap'), protocol('eth', 69), protocol('eth', 68)]).map(formatCapability)).toEqual([
    'eth/68',
    'eth/69',
    'snap/1',
  ])
})
