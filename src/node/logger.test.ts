import { describe, expect, test } from 'vitest'
import { FakeClock } from '../base/clock.ts'
import { ConfigError } from '../base/errors.ts'
import { NodeKey } from '../identity/index.ts'
import { formatLogLine, plainFields, printable } from './log-line.ts'
import { createLogger, type LoggerOptions } from './logger.ts'

function collect(options: LoggerOptions = {}): { lines: string[]; log: ReturnType<typeof createLogger> } {
  const lines: string[] = []
  const log = createLogger({ ...options, clock: new FakeClock(1_700_000_000_123), write: (line) => lines.push(line) })
  return { lines, log }
}

describe('createLogger', () => {
  test('writes text as go-ethereum does: level, time, message, fields', () => {
    const { lines, log } = collect()
    log.info('Imported blocks', { number: 320, hash: Uint8Array.of(0xab), elapsed: 1.23456, gas: 1_234_567 })
    expect(lines[0]).toMatch(
      /^INFO \[\d\d-\d\d\|\d\d:\d\d:\d\d\.123\] Imported blocks {26}number=320 hash=0xab elapsed=1\.235 gas=1,234,567\n$/,
    )
  })

  test('writes one JSON object a line with the fields beside the message', () => {
    const { lines, log } = collect({ format: 'json' })
    log.child({ peer: 'ab' }).warn('gone', { reason: new ConfigError('port', 'is in use'), time: 5, size: 12n })
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'warn',
      time: '2023-11-14T22:13:20.123Z',
      peer: 'ab',
      reason: 'port: is in use',
      time_: 5,
      size: '12',
      msg: 'gone',
    })
  })

  test('leaves out what is below its level', () => {
    const { lines, log } = collect({ level: 'warn' })
    log.info('a')
    log.error('b')
    expect(lines).toHaveLength(1)
    expect(collect({ level: 'silent' }).log.error('c')).toBeUndefined()
  })

  test('never writes secrets', () => {
    for (const format of ['terminal', 'json'] as const) {
      const { lines, log } = collect({ format })
      const key = NodeKey.generate()
      const digits = Buffer.from(key.privateKey).toString('hex')
      log.info('key', { key, privateKey: key.privateKey, deep: { nodekey: digits, list: [{ jwtSecret: digits }] } })
      expect(lines.join()).not.toContain(digits)
      expect(lines.join()).toContain(Buffer.from(key.id).toString('hex'))
    }
  })

  test('writes what a remote said without what a terminal would act on', () => {
    const { lines, log } = collect()
    log.info('peer\u001b[2J', { name: 'Geth\u001b]0;x\u0007\n\u009b1m', text: 'two words', empty: '' })
    expect(lines[0]).toMatch(/^\P{C}+\n$/u)
    expect(lines[0]?.split('\n')).toHaveLength(2)
    expect(lines[0]).toContain('text="two words" empty=""')
  })

  test('colours only when it is told to', () => {
    const line = { level: 'info', time: 0, message: 'm', fields: { a: 1 } } as const
    expect(formatLogLine(line)).not.toContain('\u001b')
    expect(formatLogLine(line, true)).toContain('\u001b[32mINFO \u001b[0m')
  })
})

describe('plainFields', () => {
  test('makes values that JSON can hold, also of what contains itself', () => {
    const loop: Record<string, unknown> = {}
    loop.self = loop
    expect(() => JSON.stringify(plainFields({ loop, when: () => 1, none: undefined }))).not.toThrow()
  })
})

test('printable spells out control characters', () => {
  expect(printable('a\u202eb\n')).toBe('a\\u202eb\\u000a')
})
