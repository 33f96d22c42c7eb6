import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import { nearest } from '../../base/nearest.ts'
import { EthereumService } from '../../ethereum/index.ts'
import { formatEnode, NodeKey } from '../../identity/index.ts'
import {
  COMMON_FLAGS,
  FLAG_NAMES,
  type FlagName,
  flagOf,
  KEYS,
  NODE_FLAGS,
  OPTION_FLAGS,
  VARIABLES,
} from '../flags/index.ts'
import { Config } from './config.ts'
import { DEFAULT_DATADIR } from './data-dir.ts'
import { CATEGORIES, flag } from './flag.ts'
import type { OptionPath } from './option-path.ts'
import { type FlagUse, readConfig } from './read-config.ts'
import { settingsOf } from './settings.ts'
import { portType } from './value-type.ts'

let folder: string
let file: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'peerloom-config-'))
  file = join(folder, 'peerloom.toml')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** `use('http.addr', 'x')` is `--http.addr x`. */
const use = (name: FlagName, text = 'true', flag = `--${name}`): FlagUse => ({ name, flag, text })

function read(uses: readonly FlagUse[] = [], env: Record<string, string> = {}, toml?: string): Promise<Config> {
  if (toml === undefined) return readConfig({ uses, env })
  writeFileSync(file, toml)
  return readConfig({ uses: [...uses, use('config', file)], env })
}

const enode = (port = 30_303): string =>
  formatEnode({ publicKey: NodeKey.generate().publicKey, host: '10.0.0.1', tcpPort: port, udpPort: port })

describe('the flag table', () => {
  test('every flag has a name, a variable and a key that no other flag has', () => {
    const spoken = FLAG_NAMES.flatMap((name) => [
      name,
      ...(flagOf(name).aliases ?? []),
      ...(flagOf(name).switches ?? []),
    ])
    expect(new Set(spoken).size).toBe(spoken.length)
    expect(VARIABLES.get('PEERLOOM_HTTP_ADDR')).toBe('http.addr')
    expect(KEYS.get('http.enabled')).toBe('http')
    const settings = FLAG_NAMES.filter((name) => flagOf(name).sources === 'all')
    expect(KEYS.size).toBe(settings.length)
    expect([...KEYS.keys()].filter((key) => [...KEYS.keys()].some((other) => other.startsWith(`${key}.`)))).toEqual([])
  })

  test('every flag has a category, a line of help and a default that reads back', () => {
    for (const name of FLAG_NAMES) {
      const { category, help, type, fallback } = flagOf(name)
      expect(CATEGORIES).toContain(category)
      expect(help).toMatch(/^[a-zA-Z*][^\n]{5,110}[^.]$/)
      if (fallback !== undefined) expect(type.parse(name, type.show(fallback))).toEqual(fallback)
    }
    expect(COMMON_FLAGS).toContain('verbosity')
    expect(NODE_FLAGS).toContain('http.addr')
  })

  test('every PEERLOOM_ variable in the sources is known', async () => {
    const root = fileURLToPath(new URL('../../..', import.meta.url))
    const found = new Set<string>()
    for (const part of ['src', 'test', 'scripts', 'bench', 'examples', 'interop']) {
      for (const path of readdirSync(join(root, part), { recursive: true, encoding: 'utf8' })) {
        if (!/\.(ts|mjs|mts)$/.test(path) || path.includes('node_modules') || /^(cli|e2e)\//.test(path)) continue
        for (const [name] of readFileSync(join(root, part, path), 'utf8').matchAll(/\bPEERLOOM_[A-Z_]+/g))
          found.add(name)
      }
    }
    expect(found).toContain('PEERLOOM_CRYPTO')
    const unset = [...found].filter((name) => !VARIABLES.has(name))
    await expect(read([], Object.fromEntries(unset.map((name) => [name, 'x'])))).resolves.toBeInstanceOf(Config)
  })
})

describe('precedence', () => {
  const toml = '[http]\naddr = "10.0.0.1"\nport = 1\nenabled = true\n'
  const env = { PEERLOOM_HTTP_PORT: '2', PEERLOOM_HTTP_ADDR: '10.0.0.2' }

  test('a flag takes precedence over a variable, that over the file, that over the default', async () => {
    const config = await read([use('http.port', '3')], env, toml)
    expect(config.get('http.port')).toBe(3)
    expect(config.get('http.addr')).toBe('10.0.0.2')
    expect(config.get('http')).toBe(true)
    expect(config.get('ws.port')).toBe(8546)
  })

  test('every value has its origin', async () => {
    const config = await read([use('http.port', '3')], env, toml)
    expect(config.originOf('http.port')).toEqual({ from: 'flag', name: '--http.port' })
    expect(config.originOf('http.addr')).toEqual({ from: 'environment', name: 'PEERLOOM_HTTP_ADDR' })
    expect(config.originOf('http')).toEqual({ from: 'file', name: `${file}: http.enabled` })
    expect(config.originOf('ws.port')).toEqual({ from: 'default', name: '--ws.port' })
  })

  test('a switch that the file turns on can be turned off by a flag and by a variable', async () => {
    expect((await read([use('http', 'false', '--no-http')], {}, toml)).get('http')).toBe(false)
    for (const off of ['false', '0']) expect((await read([], { PEERLOOM_HTTP: off }, toml)).get('http')).toBe(false)
    expect((await read([], { PEERLOOM_HTTP: '1' })).get('http')).toBe(true)
  })

  test('the last use of a flag takes precedence, and lists are concatenated', async () => {
    const [one, two, three] = [enode(1), enode(2), enode(3)]
    const uses = [use('port', '1'), use('port', '2'), use('staticnodes', one), use('staticnodes', `${two}, ${three}`)]
    const config = await read(uses)
    expect(config.get('port')).toBe(2)
    expect(config.get('staticnodes')).toEqual([one, two, three])
  })

  test('a list from a source of higher precedence replaces the other', async () => {
    const list = '[http]\napi = ["net", "debug"]\n'
    expect((await read([], {}, list)).get('http.api')).toEqual(['net', 'debug'])
    expect((await read([use('http.api', 'eth')], {}, list)).get('http.api')).toEqual(['eth'])
  })

  test('a variable can name the file, and an empty variable counts as unset', async () => {
    writeFileSync(file, toml)
    const config = await readConfig({ uses: [], env: { PEERLOOM_CONFIG: file, PEERLOOM_HTTP_ADDR: '' } })
    expect(config.get('http.addr')).toBe('10.0.0.1')
  })

  test('defaults of a command replace those of the flag table', async () => {
    const config = await readConfig({ uses: [], env: {}, defaults: { datadir: 'data/demo' } })
    expect(config.get('datadir')).toBe('data/demo')
    expect(config.originOf('datadir').from).toBe('default')
  })
})

describe('names that are unknown', () => {
  test('an unknown key of the file is refused with the nearest one as a suggestion', async () => {
    const refused = (toml: string, line: string): Promise<void> =>
      expect(read([], {}, toml)).rejects.toThrow(`${file}: ${line}`)
    await refused('[http]\nadr = "x"\n', 'http.adr: unknown key (did you mean http.addr?)')
    await refused('[htpp]\naddr = "x"\n', 'htpp.addr: unknown key (did you mean http.addr?)')
    await refused('http = true\n', 'http: unknown key (did you mean http.enabled?)')
    await refused('[zzzzzz]\n', 'zzzzzz: unknown key (`peerloom dumpconfig` lists them)')
    await refused('json = true\n', 'json: unknown key')
  })

  test('an unknown variable is refused with the nearest one as a suggestion', async () => {
    await expect(read([], { PEERLOOM_HTTP_ADR: 'x' })).rejects.toThrow(
      'PEERLOOM_HTTP_ADR: unknown variable (did you mean PEERLOOM_HTTP_ADDR?)',
    )
    await expect(read([], { PEERLOOM_: 'x' })).rejects.toThrow('PEERLOOM_: unknown variable')
  })

  test('a name that is near no other has no suggestion', () => {
    expect(nearest('htpp.addr', KEYS.keys())).toBe('http.addr')
    expect(nearest('Port', KEYS.keys())).toBe('port')
    expect(nearest('something', KEYS.keys())).toBeUndefined()
    expect(nearest('', KEYS.keys())).toBeUndefined()
  })
})

describe('invalid values', () => {
  test('an invalid value is refused with the flag, the variable or the key that set it', async () => {
    const hint = '(a whole number from 0 to 65535)'
    await expect(read([use('port', '70000')])).rejects.toThrow(`--port: invalid value "70000" ${hint}`)
    await expect(read([], { PEERLOOM_PORT: 'x' })).rejects.toThrow(`PEERLOOM_PORT: invalid value "x" ${hint}`)
    await expect(read([], {}, 'port = 1.5')).rejects.toThrow(`${file}: port: invalid value "1.5" ${hint}`)
    await expect(read([use('maxpeers', 'x', '--max-peers')])).rejects.toThrow('--max-peers: invalid value "x"')
  })

  test('0 is a number of peers, as in go-ethereum', async () => {
    expect((await read([use('maxpeers', '0')])).get('maxpeers')).toBe(0)
  })

  test('an invalid value of every type is refused with its flag', async () => {
    const cases: readonly (readonly [FlagName, string])[] = [
      ['http', 'yes'],
      ['network', 'main'],
      ['vmodule', 'peer'],
      ['http.rpcprefix', 'rpc'],
      ['synctarget', '12'],
      ['staticnodes', 'enode://x'],
      ['netrestrict', '10.0.0.0/99'],
      ['verbosity', 'loud'],
      ['log.format', 'xml'],
      ['networkid', '0'],
    ]
    for (const [name, text] of cases) await expect(read([use(name, text)])).rejects.toThrow(`--${name}: `)
  })

  test('the error of an invalid private key does not contain it', async () => {
    await expect(read([use('nodekeyhex', 'abc')])).rejects.toThrow('--nodekeyhex: invalid private key (64 hex digits)')
  })

  test('a file that is missing, is not TOML or has values of other types is refused', async () => {
    await expect(read([use('config', 'none.toml')])).rejects.toThrow('--config: none.toml does not exist')
    await expect(read([], { PEERLOOM_CONFIG: 'none.toml' })).rejects.toThrow('PEERLOOM_CONFIG: none.toml does not')
    await expect(read([], {}, 'port = ')).rejects.toThrow(/peerloom\.toml: line 1, column \d+: [^\n]+$/)
    await expect(read([], {}, '[port]\nx = 1')).rejects.toThrow('port: is a table, not a value')
    await expect(read([], {}, 'port = 2020-01-01')).rejects.toThrow('port: is a date, which no setting takes')
  })
})

describe('flags that exclude each other', () => {
  test('two flags that exclude each other are refused when they have the same source', async () => {
    await expect(read([use('genesis', 'x'), use('network', 'sepolia')])).rejects.toThrow(
      '--genesis: cannot be used with --network',
    )
    const networks = [use('network', 'mainnet', '--mainnet'), use('network', 'sepolia', '--sepolia')]
    await expect(read(networks)).rejects.toThrow('--sepolia: cannot be used with --mainnet')
  })

  test('the flag of higher precedence is kept of two that exclude each other', async () => {
    const config = await read([use('genesis', 'x')], { PEERLOOM_NETWORK: 'sepolia' })
    expect([config.get('genesis'), config.get('network')]).toEqual(['x', undefined])
  })
})

describe('the options of the node', () => {
  test('options are at the paths of their flags, with go-ethereum’s defaults', async () => {
    expect(settingsOf(await read())).toEqual({
      dataDir: DEFAULT_DATADIR,
      ethereum: {},
      identity: '',
      p2p: {
        listen: { host: '0.0.0.0', port: 30_303 },
        maxPeers: 50,
        maxPendingPeers: 0,
        dialRatio: 0,
        staticNodes: [],
        trustedNodes: [],
        netRestrict: [],
      },
      ipc: { enabled: true },
      http: {
        enabled: false,
        host: '127.0.0.1',
        port: 8545,
        modules: ['net', 'web3', 'eth'],
        prefix: '',
        cors: [],
        vhosts: ['localhost'],
      },
      ws: { enabled: false, host: '127.0.0.1', port: 8546, modules: ['net', 'web3', 'eth'], origins: [] },
      authrpc: { enabled: false, host: '127.0.0.1', port: 8551, vhosts: ['localhost'] },
      rpc: { batchLimit: 1000, batchResponseBytes: 25_000_000 },
    })
  })

  test('each option is set by one flag, and its path leads to the value and to the flag', async () => {
    const texts: Partial<Record<FlagName, string>> = {
      datadir: 'd',
      network: 'sepolia',
      netrestrict: '10.0.0.0/8',
      nodekeyhex: '11'.repeat(32),
      staticnodes: enode(),
      trustedpeers: enode(),
      'http.rpcprefix': '/rpc',
    }
    const options = FLAG_NAMES.filter((name) => flagOf(name).option !== undefined)
    expect(OPTION_FLAGS.size).toBe(options.length)
    for (const name of options) {
      const { option = '', type, toOption = (value: unknown) => value } = flagOf(name)
      const text = texts[name] ?? (type.placeholder === '' ? 'true' : '7')
      const settings: unknown = settingsOf(await read([use(name, text)]))
      const found = option.split('.').reduce((tree, key) => (tree as Record<string, unknown>)[key], settings)
      const value = toOption(type.parse(name, text))
      if (name === 'datadir') expect(found).toBe(resolve('d'))
      else if (value instanceof NodeKey) expect((found as NodeKey).privateKey).toEqual(value.privateKey)
      else expect(found, name).toEqual(value)
      expect(OPTION_FLAGS.get(option)).toBe(name)
    }
  })

  test('the compiler accepts for a flag only the path of an option that takes its value', () => {
    expectTypeOf<'p2p.maxPeers' | 'p2p.listen.port' | 'ethereum.networkId'>().toExtend<OptionPath<number>>()
    expectTypeOf<'identity' | 'http.enabled' | 'p2p.nope' | 'p2p'>()
      .exclude<OptionPath<number>>()
      .toEqualTypeOf<'identity' | 'http.enabled' | 'p2p.nope' | 'p2p'>()
    expectTypeOf<'p2p'>().not.toExtend<OptionPath<boolean>>()
    // @ts-expect-error: the option takes a text, the flag has a number
    const { option } = flag({ option: 'identity', type: portType, fallback: 1, help: 'a number' })
    expect(option).toBe('identity')
  })

  test('a network other than mainnet has a sub-folder of the default data folder', async () => {
    const sepolia = use('network', 'sepolia')
    expect(settingsOf(await read([sepolia])).dataDir).toBe(join(DEFAULT_DATADIR, 'sepolia'))
    expect(settingsOf(await read([use('network', 'mainnet')])).dataDir).toBe(DEFAULT_DATADIR)
    expect(settingsOf(await read([sepolia, use('datadir', 'd')])).dataDir).toBe(resolve('d'))
  })

  test('options of a world have the name of its service, by which an error of the service finds its flag', async () => {
    const { name } = new EthereumService()
    expect(settingsOf(await read())).toHaveProperty(name)
    expect(OPTION_FLAGS.get(`${name}.genesis`)).toBe('genesis')
  })
})
