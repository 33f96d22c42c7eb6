import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Outcome, Program } from '../support/program.ts'
import { jsonLines } from './cli-process.ts'
import { genesis } from './demo.ts'

/** Only ends a test that hangs. */
vi.setConfig({ testTimeout: 120_000 })

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'peerloom-config-'))
})

afterAll(() => {
  if (folder) rmSync(folder, { recursive: true, force: true })
})

type Env = Readonly<Record<string, string>>

const at = (name: string): string => join(folder, name)
const start = (env: Env, ...args: readonly string[]): Program => new Program(args, { env })
const cli = (env: Env, ...args: readonly string[]): Promise<Outcome> => start(env, ...args).ended

/** A file in the tests' folder. */
function write(name: string, text: string): string {
  writeFileSync(at(name), text)
  return at(name)
}

/** The last line with --json of `peerloom dumpconfig`. */
async function settings(env: Env, ...args: readonly string[]): Promise<Record<string, Record<string, unknown>>> {
  const { stdout } = await cli(env, 'dumpconfig', '--json', ...args)
  return jsonLines(stdout).at(-1)?.settings as Record<string, Record<string, unknown>>
}

describe('sources of settings', () => {
  test('a flag overrides a variable, a variable the file, and the file the default', async () => {
    const file = write('peerloom.toml', '[http]\nenabled = true\nport = 1\naddr = "10.0.0.1"\n')
    const env = { PEERLOOM_HTTP_PORT: '2', PEERLOOM_HTTP_ADDR: '10.0.0.2' }
    const found = await settings(env, '--config', file, '--http.port', '3')
    expect(found['http.port']).toEqual({ value: 3, from: 'flag', name: '--http.port' })
    expect(found['http.addr']).toEqual({ value: '10.0.0.2', from: 'environment', name: 'PEERLOOM_HTTP_ADDR' })
    expect(found.http).toEqual({ value: true, from: 'file', name: `${file}: http.enabled` })
    expect(found['ws.port']).toMatchObject({ value: 8546, from: 'default' })
    expect((await settings(env, '--config', file, '--http=false')).http).toMatchObject({ value: false, from: 'flag' })
  })

  test('a dump is read back as the same settings', async () => {
    const args = ['--sepolia', '--http', '--http.api', 'net,debug', '--identity', 'a "b"']
    const { code } = await cli({ PEERLOOM_MAXPEERS: '7' }, 'dumpconfig', ...args, at('dump.toml'))
    expect(code).toBe(0)
    const values = async (env: Env, ...more: string[]): Promise<unknown[]> =>
      Object.values(await settings(env, ...more)).map(({ value }) => value)
    expect(await values({}, '--config', at('dump.toml'))).toEqual(await values({ PEERLOOM_MAXPEERS: '7' }, ...args))
    expect(readFileSync(at('dump.toml'), 'utf8')).toContain('maxpeers = 7 # environment PEERLOOM_MAXPEERS\n')
  })

  test('flags may stand before the command, and former names of flags still work', async () => {
    const { stdout } = await cli({}, '--max-peers', '9', 'dumpconfig', '--log-level', 'debug')
    expect(stdout).toContain('\nmaxpeers = 9 # flag --max-peers\n')
    expect(stdout).toContain('\nverbosity = "debug" # flag --log-level\n')
  })
})

describe('unknown names and invalid values', () => {
  interface Case {
    readonly line: string
    readonly env?: Env
    readonly toml?: string
    readonly args?: readonly string[]
  }
  const cases: readonly Case[] = [
    { line: '--htpp.addr: unknown option (did you mean --http.addr?)', args: ['--htpp.addr', 'x'] },
    { line: 'dumpconfg: unknown command (did you mean dumpconfig?)', args: ['dumpconfg'] },
    { line: 'PEERLOOM_PROT: unknown variable (did you mean PEERLOOM_PORT?)', env: { PEERLOOM_PROT: '1' } },
    { line: 'peerloom.toml: http.adr: unknown key (did you mean http.addr?)', toml: '[http]\nadr = "x"\n' },
    { line: 'peerloom.toml: port: invalid value "x" (a whole number from 0 to 65535)', toml: 'port = "x"' },
    {
      line: 'peerloom.toml: maxpeers: invalid value "10001" (a whole number from 0 to 10000)',
      toml: 'maxpeers = 10001',
    },
  ]
  test.each(cases)('the program ends with 2 and one line: $line', async ({ line, env = {}, toml = '', args = [] }) => {
    const file = write('peerloom.toml', toml)
    expect(await cli(env, '--config', file, ...args)).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: ${line.replace('peerloom.toml', file)}\n`,
    })
  })

  test('an error that only the node finds names the key in the file', async () => {
    const { code, stderr } = await cli({}, '--config', write('peerloom.toml', `datadir = "${at('none')}"`))
    expect(stderr).toMatch(/^error: .*peerloom\.toml: datadir: .*none holds no chain yet [^\n]*\n$/)
    expect(code).toBe(2)
  })

  test('variables that are no settings are ignored', async () => {
    expect(await cli({ PEERLOOM_CRYPTO: 'wasm', PEERLOOM_FUZZ_SECONDS: '1' }, 'dumpconfig')).toMatchObject({ code: 0 })
  })
})

describe('the node', () => {
  const here = ['--genesis', genesis, '--host', '127.0.0.1', '--port', '0']

  test('the node runs without a command, and logs JSON without a terminal', async () => {
    const file = write('node.toml', `datadir = "${at('node')}"\nidentity = "mine"\n[log]\nfile = "${at('node.log')}"\n`)
    await using node = start({}, ...here, '--config', file, '--json')
    const enode = (await node.seen(/"type":"serving","enode":"(enode:[^"]+)"/))[1] as string
    expect(jsonLines((await cli({}, 'ping', enode, '--json')).stdout).at(-1)?.clientId).toMatch(/^Peerloom\/mine\/v/)
    node.signal('SIGTERM')
    const { code, stdout, stderr } = await node.ended
    expect(code).toBe(0)
    expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'result', enode, head: { number: 0 } })
    const lines = jsonLines(stderr)
    expect(lines).toContainEqual(expect.objectContaining({ level: 'info', module: 'devp2p', msg: 'Started devp2p' }))
    expect(jsonLines(readFileSync(at('node.log'), 'utf8'))).toEqual(lines)
  })

  test('the node has the identity of the key file it was given', async () => {
    const made = jsonLines((await cli({}, 'key', 'generate', at('key.hex'), '--json')).stdout).at(-1)
    const key = ['--nodekey', at('key.hex'), '--datadir', at('keyed'), '--json']
    await using node = start({}, ...here, ...key)
    expect((await node.seen(/enode:\/\/([0-9a-f]+)@/))[1]).toBe(made?.publicKey)
  })
})

describe('help and completion', () => {
  test('the help has usage, commands, and options by category with defaults and variables', async () => {
    const { code, stdout } = await cli({}, '--help')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^NAME:\n[\s\S]+\nUSAGE:\n[\s\S]+\nCOMMANDS:\n[\s\S]+\nOPTIONS:\n {3}ETHEREUM\n/)
    expect(stdout).toMatch(/--http\.port <number> +\(default: 8545\)\n.*\[\$PEERLOOM_HTTP_PORT\]\n/)
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
  })

  test('bash parses the completion script', async () => {
    const { stdout } = await cli({}, 'completion', 'bash')
    expect(spawnSync('bash', ['-n'], { input: stdout })).toMatchObject({ status: 0 })
  })
})
