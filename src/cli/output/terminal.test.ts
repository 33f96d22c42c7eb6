import { describe, expect, test } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { Interruption } from '../interruption.ts'
import { Terminal } from './terminal.ts'

class Screen {
  text = ''
  readonly isTTY: boolean
  columns = 80
  onError: (error: NodeJS.ErrnoException) => void = () => {}

  constructor(isTTY: boolean) {
    this.isTTY = isTTY
  }

  write(text: string): void {
    this.text += text
  }

  on(_event: 'error', listener: (error: NodeJS.ErrnoException) => void): void {
    this.onError = listener
  }
}

function setUp(options: { tty?: boolean; json?: boolean; env?: Record<string, string> } = {}) {
  const clock = new FakeClock()
  const calls: string[] = []
  const interruption = new Interruption({
    clock,
    onInterrupt: () => calls.push('interrupt'),
    onForce: () => calls.push('force'),
  })
  const stdout = new Screen(options.tty ?? true)
  const stderr = new Screen(options.tty ?? true)
  const { env = {}, json = false } = options
  const terminal = new Terminal({ stdout, stderr, env, interruption, json, clock })
  return { clock, calls, interruption, stdout, stderr, terminal }
}

describe('Terminal', () => {
  test('a terminal redraws the status line ten times a second, when it has changed', async () => {
    const { terminal, stderr, clock } = setUp()
    let value = 0
    terminal.show(() => `value ${value}`)
    stderr.text = ''
    await clock.advance(1_000)
    expect(stderr.text).toBe('')
    value = 1
    await clock.advance(100)
    expect(stderr.text).toBe('\r\x1b[Kvalue 1')
  })

  test('a terminal hides the cursor while it draws the status line, and shows it afterwards', async () => {
    const { terminal, stderr, clock } = setUp()
    terminal.show(() => 'x')
    expect(stderr.text).toContain('\x1b[?25l')
    terminal.clear()
    expect(stderr.text.endsWith('\r\x1b[K\x1b[?25h')).toBe(true)
    expect(clock.pending).toBe(0)
  })

  test('a terminal prints other lines above the status line', () => {
    const { terminal, stdout, stderr } = setUp()
    terminal.show(() => 'bar')
    stderr.text = ''
    terminal.print('hello')
    expect(stdout.text).toBe('hello\n')
    expect(stderr.text).toBe('\r\x1b[Kbar')
  })

  test('no status line is drawn without a terminal, and only objects are written with --json', () => {
    const { terminal, stdout, stderr } = setUp({ tty: false })
    terminal.show(() => 'bar')
    terminal.emit({ type: 'result' })
    expect(stdout.text + stderr.text).toBe('')
    const json = setUp({ json: true })
    json.terminal.print('hello')
    json.terminal.emit({ type: 'result', hash: Uint8Array.of(1), big: 2n })
    expect(json.stdout.text).toBe('{"type":"result","hash":"0x01","big":"2"}\n')
  })

  test('colours are used on a terminal only, and not with NO_COLOR', () => {
    expect(setUp().terminal.colors).toBe(true)
    expect(setUp({ tty: false }).terminal.colors).toBe(false)
    expect(setUp({ env: { NO_COLOR: '1' } }).terminal.colors).toBe(false)
    expect(setUp({ env: { TERM: 'dumb' } }).terminal).toMatchObject({ colors: false, live: false })
  })

  test('an output that was closed stops the command', () => {
    const { stdout, interruption } = setUp()
    stdout.onError(Object.assign(new Error('EPIPE'), { code: 'EPIPE' }))
    expect(interruption.signal.reason).toMatchObject({ code: 'ERR_OUTPUT' })
  })
})

describe('Interruption', () => {
  test('the first signal stops the command, a second one forces the exit', async () => {
    const { interruption, calls, clock } = setUp()
    interruption.onSignal('SIGINT')
    expect(interruption.signal.reason).toMatchObject({ code: 'ERR_INTERRUPTED' })
    await clock.advance(600)
    interruption.onSignal('SIGINT')
    expect(calls).toEqual(['interrupt', 'force'])
  })

  test('a Ctrl-C that arrives twice, from the terminal and through npm, counts once', async () => {
    const { interruption, calls, clock } = setUp()
    interruption.onSignal('SIGINT')
    await clock.advance(20)
    interruption.onSignal('SIGINT')
    expect(calls).toEqual(['interrupt'])
  })
})
