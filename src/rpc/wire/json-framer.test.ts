import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JsonFramer } from './json-framer.ts'

/** All values of a text that arrives in chunks which end at these positions. */
function framed(text: string, cuts: readonly number[], maxBytes = 1_000_000): unknown[] {
  const values: unknown[] = []
  const framer = new JsonFramer({ maxBytes }, (value) => values.push(value))
  const bytes = Buffer.from(text)
  const places = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  let from = 0
  for (const to of places) {
    if (to > from) framer.push(bytes.subarray(from, to))
    from = to
  }
  return values
}

const messages = fc.array(
  fc.oneof(fc.array(fc.json().map((text) => JSON.parse(text))), fc.dictionary(fc.string(), fc.jsonValue())),
  {
    maxLength: 5,
  },
)
const cuts = fc.array(fc.nat(), { maxLength: 8 })

describe('JsonFramer', () => {
  test.each([
    ['with a newline each', (value: unknown) => `${JSON.stringify(value)}\n`],
    ['without newlines', (value: unknown) => JSON.stringify(value)],
    ['on many lines', (value: unknown) => `${JSON.stringify(value, null, 2)}\n`],
    ['with CRLF', (value: unknown) => `${JSON.stringify(value)}\r\n`],
  ])('values %s are framed correctly, however the bytes are split into chunks', (_, encode) => {
    fc.assert(
      fc.property(messages, cuts, (values, at) => {
        const plain = JSON.parse(JSON.stringify(values)) as unknown[]
        expect(framed(values.map(encode).join(''), at)).toEqual(plain)
      }),
    )
  })

  test('bytes that are not JSON are an RpcError, also between values', () => {
    for (const text of ['hello\n', '{"a":1} x\n', '}', '{"a":}\n', '[1,]']) {
      expect(() => framed(text, [])).toThrow('parse error')
    }
  })

  test('a value over the limit is an RpcError before it is complete', () => {
    expect(() => framed(`["${'x'.repeat(200)}`, [50, 100, 150], 100)).toThrow('message too large')
  })

  test('the JSON framer throws nothing but RpcError, whatever bytes come', () => {
    fc.assert(
      fc.property(fc.string(), cuts, (text, at) => {
        try {
          framed(text, at)
        } catch (error) {
          expect(error).toMatchObject({ name: 'RpcError' })
        }
      }),
    )
  })
})
