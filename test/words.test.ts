import { describe, expect, test } from 'vitest'
import { docstringsOf, itCallsOf } from '../scripts/check-words.mjs'

const counts = (text: string): boolean[] => docstringsOf(text).map((found) => found.counts)

describe('the word check', () => {
  test.each([
    '/** What the peer said. */',
    '/** Whether it is full. */',
    '/** Of the pong. */',
    '/** As before. */',
    '/** by now */',
    '/** What: a name. */',
    '/**\n * Where it began.\n * @default 0\n */',
    '/**\n *\n * How it ends.\n */',
    '  /** In bytes. */',
    "/** What's left. */",
  ])('counts the docstring %j, which opens with a question word or a preposition', (text) => {
    expect(counts(text)).toEqual([true])
  })

  test.each([
    '/** True if the queue is full. */',
    '/** @returns true if the queue is full */',
    '/** @default 8 */',
    '/** BOUNDED: by the limits. */',
    '/** {@link Peer}: one connection. */',
    '/** In-memory store. */',
    '/** On-disk layout. */',
    '/** Ford of a river. */',
    '/** `of` and `in` are keywords. */',
    '/** 8 of them. */',
  ])('lets the docstring %j pass', (text) => {
    expect(counts(text)).toEqual([false])
  })

  test('docstrings are found behind code and with their lines, but neither in globs nor in plain comments', () => {
    const text = "const glob = 'src/**/*.ts' /* What? */\n\n// Who?\ntype A = { x: 1 /** Of it. */ }\n/** Name. */\n"
    expect(docstringsOf(text)).toEqual([
      { line: 4, opening: 'Of it.', counts: true },
      { line: 5, opening: 'Name.', counts: false },
    ])
  })

  test('calls of it are found in all their forms, and other words are not', () => {
    const calls = ["it('a', f)", "  it.each(list)('b', f)", 'it.each`x`(f)', 'it.only(g)']
    const others = ["test('a', f)", 'await it()', 'item(1)', 'it', 'git(1)', 'exit(1)']
    expect(itCallsOf(calls.join('\n'))).toEqual([1, 2, 3, 4])
    expect(itCallsOf(others.join('\n'))).toEqual([])
  })
})
