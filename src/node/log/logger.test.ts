import { describe, expect, test } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { ConfigError } from '../../base/errors.ts'
import { NodeKey } from '../../identity/index.ts'
import { LogLevels } from './levels.ts'
import { formatLogLine, plainFields, printable } from './line.ts'
import { createLogger, type LoggerOptions } from './logger.ts'

function collect(options: LoggerOptions = {}): { lines: string[]; log: ReturnType<typeof createLogger> } {
  const lines: string[] = []
  const log = createLogger({ ...options, clock: new FakeClock(1_700_000_000_123), write: (line) => lines.push(line) })
  return { lines, log }
}

describe('createLogger', () => {
  test('a line has level, time, message and fields, as go-ethereum writes it', () => {
    const { lines, log } = collect()
    log.info('Imported blocks', { number: 320, hash: Uint8Array.of(0xab), elapsed: 1.23456, gas: 1_234_567 })
    expect(lines[0]).toMatch(
      /^INFO \[\d\d-\d\d\|\d\d:\d\d:\d\d\.123\] Imported blocks {26}number=320 hash=0xab elapsed=1\.235 gas=1,234,567\n$/,
    )
  })

  test('a JSON line has the fields beside the message', () => {
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

  test('a logfmt line has everything as a pair', () => {
    const { lines, log } = collect({ format: 'logfmt' })
    log.child({ module: 'peer' }).info('two words', { size: 1.23456, text: 'a"b' })
    expect(lines).toEqual(['t=2023-11-14T22:13:20.123Z lvl=info msg="two words" module=peer size=1.235 text="a\\"b"\n'])
  })

  test('the module is in JSON lines and not in lines for people', () => {
    for (const [format, said] of [
      ['terminal', false],
      ['json', true],
    ] as const) {
      const { lines, log } = collect({ format })
      log.child({ module: 'sync' }).info('m', { a: 1 })
      expect(lines.join().includes('sync')).toBe(said)
    }
  })

  test('messages below the level are not written', () => {
    const { lines, log } = collect({ levels: 'warn' })
    log.info('a')
    log.error('b')
    expect(lines).toHaveLength(1)
    expect(collect({ levels: 'silent' }).log.error('c')).toBeUndefined()
  })

  test('secrets are never written', () => {
    for (const format of ['terminal', 'json'] as const) {
      const { lines, log } = collect({ format })
      const key = NodeKey.generate()
      const digits = Buffer.from(key.privateKey).toString('hex')
      log.info('key', { key, privateKey: key.privateKey, deep: { nodekey: digits, list: [{ jwtSecret: digits }] } })
      expect(lines.join()).not.toContain(digits)
      expect(lines.join()).toContain(Buffer.from(key.id).toString('hex'))
    }
  })

  test('text of a remote is written without control characters', () => {
    const { lines, log } = collect()
    log.info('peer\u001b[2J', { name: 'Geth\u001b]0;x\u0007\n\u009b1m', text: 'two words', empty: '' })
    expect(lines[0]).toMatch(/^\P{C}+\n$/u)
    expect(lines[0]?.split('\n')).toHaveLength(2)
    expect(lines[0]).toContain('text="two words" empty=""')
  })

  test('colours are written only when they are turned on', () => {
    const line = { level: 'info', time: 0, message: 'm', fields: { a: 1 } } as const
    expect(formatLogLine(line)).not.toContain('\u001b')
    expect(formatLogLine(line, true)).toContain('\u001b[32mINFO \u001b[0m')
  })
})

describe('LogLevels', () => {
  const said = (log: ReturnType<typeof createLogger>, lines: string[]): string[] => {
    lines.length = 0
    for (const level of ['error', 'warn', 'info', 'debug', 'trace'] as const) log[level](level)
    return lines.map((line) => /\] (\w+)/.exec(line)?.[1] ?? '')
  }

  test('a change of the levels applies to existing loggers', () => {
    const levels = new LogLevels({ verbosity: 'warn' })
    const { lines, log } = collect({ levels })
    expect(said(log, lines)).toEqual(['error', 'warn'])
    levels.verbosity('debug')
    expect(said(log, lines)).toEqual(['error', 'warn', 'info', 'debug'])
    levels.verbosity('silent')
    expect(said(log, lines)).toEqual([])
  })

  test('a module can have a level above or below that for all', () => {
    const levels = new LogLevels({ vmodule: 'peer=debug,sync=1' })
    const { lines, log } = collect({ levels })
    const peer = log.child({ module: 'peer', peer: 'ab' })
    expect(said(peer.child({ protocol: 'eth' }), lines)).toEqual(['error', 'warn', 'info', 'debug'])
    expect(said(log.child({ module: 'sync' }), lines)).toEqual(['error'])
    expect(said(log, lines)).toEqual(['error', 'warn', 'info'])
    levels.vmodule('')
    expect(said(peer, lines)).toEqual(['error', 'warn', 'info'])
  })

  test('a pattern may have stars, and the last match takes precedence', () => {
    const levels = new LogLevels({ vmodule: '*=error, eth*=trace, eth/68=warn' })
    expect(['rpc', 'eth', 'eth/69', 'eth/68', 'xeth'].map((module) => levels.levelOf(module))).toEqual([
      'error',
      'trace',
      'trace',
      'warn',
      'error',
    ])
  })

  test('an invalid pattern changes nothing', () => {
    const levels = new LogLevels({ vmodule: 'peer=trace' })
    for (const text of ['peer', 'peer=', '=debug', 'peer=6', 'peer=loud', 'a b=info', '(=info', 'p+=info']) {
      expect(() => levels.vmodule(text)).toThrow(/^vmodule: .*such as peer=debug/)
    }
    expect([levels.pattern, levels.levelOf('peer')]).toEqual(['peer=trace', 'trace'])
  })
})

describe('plainFields', () => {
  test('fields become JSON values, also an object that contains itself', () => {
    const loop: Record<string, unknown> = {}
    loop.self = loop
    expect(() => JSON.stringify(plainFields({ loop, when: () => 1, none: undefined }))).not.toThrow()
  })
})

test('printable escapes control characters', () => {
  expect(printable('a\u202eb\n')).toBe('a\\u202eb\\u000a')
})
