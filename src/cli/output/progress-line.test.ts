import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatBytes, formatDuration, formatRate, shortHash } from './format.ts'
import { type ProgressState, percentOf, renderProgress, timeLeft } from './progress-line.ts'

const state: ProgressState = {
  label: 'blocks',
  done: 1_600,
  total: 3_200,
  perSecond: 812.4,
  bytesPerSecond: 2_100_000,
  peers: 1,
}
const plain = { unicode: false, colors: false }

describe('renderProgress', () => {
  test('a progress line has all parts on a wide terminal', () => {
    expect(renderProgress(state, { width: 100, ...plain })).toBe(
      'blocks  ################................  1,600/3,200   50%  812/s  2.1 MB/s  1 peer  2.0 s left',
    )
  })

  test('a progress line drops one part after another on narrower terminals', () => {
    const at = (width: number): string => renderProgress(state, { width, ...plain })
    expect(at(70)).not.toContain('MB/s')
    expect(at(70)).toContain('2.0 s left')
    expect(at(40)).toMatch(/^blocks {2}[#.]+ {3}50% {2}2\.0 s left$/)
    expect(at(20)).toMatch(/^[#.]+ {3}50%$/)
    expect(at(8)).toBe(' 50%')
    expect(at(3)).toBe('')
  })

  test('a progress line is always narrower than the terminal, and rendering never throws', () => {
    const any = fc.record({
      label: fc.constantFrom('headers', 'blocks'),
      done: fc.nat(),
      total: fc.option(fc.nat(), { nil: undefined }),
      perSecond: fc.double({ min: 0, max: 1e9, noNaN: true }),
      bytesPerSecond: fc.double({ min: 0, max: 1e12, noNaN: true }),
      peers: fc.nat(100),
    })
    fc.assert(
      fc.property(any, fc.integer({ min: 0, max: 300 }), fc.boolean(), (values, width, unicode) => {
        const line = renderProgress(values, { width, unicode, colors: false })
        expect(line.length).toBeLessThan(Math.max(width, 1))
        expect(line).not.toMatch(/NaN|Infinity|undefined/)
      }),
    )
  })

  test('a progress line has the same width with and without colours', () => {
    const colored = renderProgress(state, { width: 90, unicode: true, colors: true })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the test removes escape sequences
    expect(colored.replace(/\x1b\[\d+m/g, '')).toBe(renderProgress(state, { width: 90, unicode: true, colors: false }))
  })

  test('a progress line shows a count instead of a bar while the total is unknown', () => {
    const line = renderProgress({ label: 'headers', done: 7, total: undefined, perSecond: 0 }, { width: 80, ...plain })
    expect(line).toBe('headers  7  0/s')
  })
})

test('a percentage is not 100 before all is done', () => {
  expect(percentOf({ label: '', done: 9_999, total: 10_000, perSecond: 0 })).toBe(99)
  expect(percentOf({ label: '', done: 0, total: 0, perSecond: 0 })).toBe(100)
})

test('the time left is unknown while nothing moves', () => {
  expect(timeLeft({ label: '', done: 1, total: 2, perSecond: 0 })).toBeUndefined()
  expect(timeLeft({ label: '', done: 1, total: 2, perSecond: 2 })).toBe(500)
})

test('numbers are formatted for people', () => {
  expect([0, 999, 1_000, 999_999, 1_500_000_000].map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '1.0 KB',
    '1.0 MB',
    '1.5 GB',
  ])
  expect([840, 59_400, 185_000, 7_620_000, 273_600_000].map(formatDuration)).toEqual([
    '0.8 s',
    '59 s',
    '3 min 05 s',
    '2 h 07 min',
    '3 d 04 h',
  ])
  expect([0, 0.456, 12.34, 1234.5].map(formatRate)).toEqual(['0', '0.46', '12.3', '1,235'])
  expect(shortHash(`0x${'ab'.repeat(32)}`)).toBe('0xababab…ababab')
})
