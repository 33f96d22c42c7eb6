import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test, vi } from 'vitest'
import { runProgram } from '../../test/support/program.ts'
import { bytesToHex } from '../base/bytes.ts'
import { type Clock, FakeClock } from '../base/clock.ts'
import { NodeKey } from '../identity/index.ts'
import { type MainOptions, main } from './main.ts'

const assets = fileURLToPath(new URL('../../assets/demo/', import.meta.url))
const chain = join(assets, 'chain.rlp')
const info = JSON.parse(readFileSync(join(assets, 'info.json'), 'utf8')) as { headHash: string }

const run = (...words: string[]) => runProgram(words)
const runIn = (env: Record<string, string>, ...words: string[]) => runProgram(words, { env })

describe('a command that receives a signal', () => {
  /** Pings a peer that never answers, and sends SIGTERM. `before`: called before the command can react. */
  async function stopPing(clock: Clock, before = () => {}) {
    const exits: number[] = []
    let signal: (name: string) => void = () => {}
    const onSignals: MainOptions['onSignals'] = (listener) => {
      signal = listener
    }
    await using silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const called = once(silent, 'connection')
    const enode = `enode://${bytesToHex(NodeKey.from(new Uint8Array(32).fill(1)).publicKey)}`
    const { port } = silent.address() as AddressInfo
    const options = { clock, onSignals, exit: (code: number) => void exits.push(code) }
    const ended = runProgram(['ping', `${enode}@127.0.0.1:${port}`], options)
    const [socket] = (await called) as [Socket]
    signal('SIGTERM')
    before()
    const said = await ended
    socket.destroy()
    return { exits, ...said }
  }

  test('a command that stops at its signal is not forced to exit', async () => {
    const clock = new FakeClock()
    const { exits, code, stderr } = await stopPing(clock)
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' })
    await clock.advance(60_000)
    expect(exits).toEqual([])
  })

  test('a command that has not stopped 25 seconds after its signal is forced to exit', async () => {
    const clock = new FakeClock()
    const timers = vi.spyOn(clock, 'setTimer')
    const { exits, stderr } = await stopPing(clock, () => timers.mock.calls.find(([ms]) => ms === 25_000)?.[1]())
    expect(exits).toEqual([1])
    expect(stderr).toBe('error: not stopped within 25 s, exiting\n')
  })
})

test('a result that cannot be written, as on a full disk, ends with 1', async () => {
  for (const [failure, said] of [
    ['ENOSPC', 'error: the output cannot be written: ENOSPC\n'],
    ['EPIPE', ''],
  ] as const) {
    let stderr = ''
    let fail: (error: NodeJS.ErrnoException) => void = () => {}
    const stdout: MainOptions['stdout'] = {
      write: () => process.nextTick(() => fail(Object.assign(new Error(failure), { code: failure }))),
      on: (_event, listener) => {
        fail = listener
      },
    }
    const errors: MainOptions['stderr'] = {
      write: (text) => {
        stderr += text
      },
      on: () => undefined,
    }
    const streams = { stdout, stderr: errors }
    const code = await main(['--version'], { ...streams, env: {}, onSignals: () => undefined, exit: () => undefined })
    expect(code).toBe(1)
    expect(stderr).toBe(said)
  }
})

describe('wrong usage', () => {
  const target = ['--target', info.headHash]
  const cases: readonly (readonly [RegExp, ...string[]])[] = [
    [/^error: command: missing \(one of generate, show; /, 'key'],
    [/^error: --genesis: cannot be used with --network$/, 'serve', '--genesis', 'x', '--network', 'sepolia'],
    [/^error: nope: unknown command/, 'nope'],
    [/^error: snyc: unknown command \(did you mean sync\?\)$/, 'help', 'snyc'],
    [/^error: snyc: unknown command \(did you mean sync\?\)$/, 'snyc'],
    [/^error: --http: cannot be used with the command inspect$/, '--http', 'inspect'],
    [/^error: --nope: unknown option/, 'demo', '--nope'],
    [/^error: --htpp\.addr: unknown option \(did you mean --http\.addr\?\)$/, '--htpp.addr', 'x'],
    [/^error: --http: takes no value \(use --http, or --http=false to turn it off\)$/, '--http=maybe'],
    [/^error: --exitwhensync: unknown option \(did you mean --exitwhensynced\?\)$/, 'demo', '--exitwhensync'],
    [/^error: --max-peers: invalid value "x"/, '--max-peers', 'x'],
    [
      /^error: --port: invalid value "70000" \(a whole number from 0 to 65535\)$/,
      'serve',
      '--datadir',
      'x',
      '--port',
      '70000',
    ],
    [/^error: --peer: missing value/, 'sync', '--peer'],
    [/^error: --peer: not an enode URL: "http:/, 'sync', '--peer', 'http://x'],
    [/^error: --target: invalid block hash "12"/, 'sync', '--target', '12'],
    [/^error: --synctarget: is required/, 'sync', '--datadir', 'x'],
    [/^error: --staticnodes: is required/, 'sync', '--datadir', 'x', ...target],
    [/^error: --network: invalid value "main" \(one of mainnet, sepolia, hoodi\)$/, 'sync', '--network', 'main'],
    [/^error: --verbosity: invalid value "loud"/, 'demo', '--verbosity', 'loud'],
    [/^error: --datadir: .*x holds no chain yet/, 'inspect', '--datadir', 'x'],
    [/^error: --genesis: none\.json does not exist$/, 'serve', '--datadir', 'x', '--genesis', 'none.json'],
    [/^error: --genesis: .*chain\.rlp: is not JSON/, 'serve', '--datadir', 'x', '--genesis', chain],
    [/^error: file: .*chain\.rlp does not hold 64 hex digits/, 'key', 'show', chain],
    [/^error: file: .*none does not exist/, 'key', 'show', 'none'],
    [/^error: file: the new key would be lost/, 'key', 'generate'],
    [/^error: enode: .*point on the curve/, 'ping', `enode://${'ab'.repeat(64)}@127.0.0.1:1`],
  ]
  for (const [line, ...args] of cases) {
    test(`wrong usage ends with 2 and one line: peerloom ${args.join(' ').slice(0, 60)}`, async () => {
      const { code, stdout, stderr } = await run(...args)
      expect(stderr.trimEnd()).toMatch(line)
      expect(stderr.trimEnd().split('\n')).toHaveLength(1)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    })
  }

  test('wrong usage creates no folder', () => {
    expect(existsSync('x')).toBe(false)
  })

  test('with --json an error is also the last line of stdout', async () => {
    const { code, stdout } = await run('inspect', '--datadir', 'x', '--json')
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ type: 'error', code: 'ERR_CONFIG', exitCode: 2 })
  })
})

describe('the source of an invalid value', () => {
  test('an unknown variable, or an invalid value of one, is refused with the variable', async () => {
    expect(await runIn({ PEERLOOM_HTPP: 'true' }, 'inspect')).toMatchObject({
      code: 2,
      stderr: 'error: PEERLOOM_HTPP: unknown variable (did you mean PEERLOOM_HTTP?)\n',
    })
    const { stderr } = await runIn({ PEERLOOM_PORT: 'x' }, 'inspect')
    expect(stderr).toMatch(/^error: PEERLOOM_PORT: invalid value "x"/)
  })

  test('an option that the node refuses is named as the variable that set it', async () => {
    const { code, stderr } = await runIn({ PEERLOOM_DATADIR: 'x' }, 'inspect')
    expect(code).toBe(2)
    expect(stderr).toMatch(/^error: PEERLOOM_DATADIR: .*x holds no chain yet/)
  })
})

describe('help', () => {
  const commands = [
    'demo',
    'sync',
    'serve',
    'import',
    'export',
    'inspect',
    'attach',
    'rpc',
    'peers',
    'peer add',
    'peer remove',
    'peer trust',
    'peer untrust',
    'peer ban',
    'peer unban',
    'ping',
    'key show',
    'key generate',
    'dumpconfig',
    'completion',
  ]
  test.each(commands)('the help of %s has examples', async (command) => {
    const { code, stdout, stderr } = await run(...command.split(' '), '--help')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
    expect(stdout).toMatch(/USAGE:\n {3}peerloom[\s\S]*--json[\s\S]*EXAMPLES:\n {3}peerloom /)
  })

  test('the help of the program lists the commands', async () => {
    const { code, stdout } = await run('--help')
    expect(code).toBe(0)
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
    const listed = commands.filter((command) => command !== 'serve')
    for (const command of listed) expect(stdout).toContain(`\n   ${command.split(' ')[0]} `)
    expect(stdout).not.toContain('\n   serve ')
  })

  test('the help lists options by category, with defaults and variables, and no hidden ones', async () => {
    const { stdout } = await run('--help')
    const categories = ['ETHEREUM', 'NETWORKING', 'API AND CONSOLE', 'LOGGING AND DEBUGGING', 'MISC']
    expect([...stdout.matchAll(/^ {3}([A-Z][A-Z ]+)$/gm)].map(([, title]) => title)).toEqual(categories)
    expect(stdout).toMatch(
      /\n {4}--http\.port <number> +\(default: 8545\)\n {10}port of the HTTP endpoint \[\$PEERLOOM_HTTP_PORT\]\n/,
    )
    expect(stdout).toContain('--sepolia')
    expect(stdout).toMatch(/MISC\n[\s\S]*--version[\s\S]*--help/)
    expect(stdout).not.toMatch(/--max-peers|--no-http|--log-level|--exec/)
  })
})
