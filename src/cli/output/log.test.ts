import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LogLevels } from '../../node/index.ts'
import type { AnyCommandSpec } from '../command.ts'
import { type FlagUse, readConfig } from '../config/read-config.ts'
import { Interruption } from '../interruption.ts'
import { CommandLog, verbosityOf } from './log.ts'
import { Terminal } from './terminal.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'peerloom-log-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const use = (name: FlagUse['name'], text: string): FlagUse => ({ name, flag: `--${name}`, text })

function makeTerminal(isTTY: boolean, json = false): { readonly terminal: Terminal; readonly said: string[] } {
  const said: string[] = []
  const stream = { isTTY, write: (text: string) => said.push(text), on: () => undefined }
  const interruption = new Interruption({ onInterrupt: () => undefined, onForce: () => undefined })
  return {
    terminal: new Terminal({ stdout: stream, stderr: stream, env: { NO_COLOR: '1' }, interruption, json }),
    said,
  }
}

/** Output when one line is logged. */
async function logged(uses: readonly FlagUse[], isTTY: boolean, json = false): Promise<string> {
  const { terminal, said } = makeTerminal(isTTY, json)
  using log = new CommandLog(await readConfig({ uses, env: {} }), new LogLevels(), terminal)
  log.logger.info('hello', { a: 1 })
  return said.join('')
}

describe('the format of the log', () => {
  test('the log is go-ethereum’s lines on a terminal, and JSON anywhere else', async () => {
    expect(await logged([], true)).toMatch(/^INFO \[[^\]]+\] hello +a=1\n$/)
    expect(JSON.parse(await logged([], false))).toMatchObject({ level: 'info', msg: 'hello', module: 'node', a: 1 })
    expect(JSON.parse(await logged([], true, true))).toMatchObject({ msg: 'hello' })
  })

  test('the log has the format that was set', async () => {
    expect(await logged([use('log.format', 'json')], true)).toMatch(/^\{/)
    expect(await logged([use('log.format', 'text')], false)).toMatch(/^INFO /)
    expect(await logged([use('log.format', 'logfmt')], false)).toMatch(/^t=\S+ lvl=info msg=hello module=node a=1\n$/)
  })
})

describe('the file of the log', () => {
  test('every line is appended to the log file besides stderr', async () => {
    const file = join(folder, 'a.log')
    for (let run = 0; run < 2; run++) expect(await logged([use('log.file', file)], true)).toMatch(/^INFO /)
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ msg: 'hello' }, { msg: 'hello' }])
  })

  test('a log file that cannot be opened is refused with the setting that named it', async () => {
    const file = join(folder, 'none', 'a.log')
    const config = await readConfig({ uses: [], env: { PEERLOOM_LOG_FILE: file } })
    const { terminal } = makeTerminal(true)
    expect(() => new CommandLog(config, new LogLevels(), terminal)).toThrow(
      /^PEERLOOM_LOG_FILE: cannot be opened: ENOENT/,
    )
  })

  test('a log file that fails later is closed with one warning', async () => {
    const { terminal, said } = makeTerminal(true)
    const config = await readConfig({ uses: [use('log.file', '/dev/full')], env: {} })
    using log = new CommandLog(config, new LogLevels(), terminal)
    log.logger.info('one')
    log.logger.info('two')
    expect(said.filter((line) => line.startsWith('warning: log file /dev/full closed: ENOSPC'))).toHaveLength(1)
  })
})

test('a progress bar replaces messages at info, unless a level was set', async () => {
  const spec = { logs: 'progress' } as AnyCommandSpec
  const config = await readConfig({ uses: [], env: {} })
  expect(verbosityOf(spec, config, makeTerminal(true).terminal)).toBe('warn')
  expect(verbosityOf(spec, config, makeTerminal(false).terminal)).toBe('info')
  expect(verbosityOf({ ...spec, logs: 'all' }, config, makeTerminal(true).terminal)).toBe('info')
  const said = await readConfig({ uses: [use('verbosity', '4')], env: {} })
  expect(verbosityOf(spec, said, makeTerminal(true).terminal)).toBe('debug')
})
