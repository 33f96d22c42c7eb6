import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ConfigError } from '../../base/errors.ts'
import { readConfigFile } from './config-file.ts'

let root: string
let file: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'peerloom-t-'))
  file = join(root, 'peerloom.toml')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

async function read(toml: string): Promise<Record<string, string>> {
  writeFileSync(file, toml)
  const given = await readConfigFile(file, '--config')
  return Object.fromEntries([...given].map(([name, { text }]) => [name, text]))
}

test('a key is read from its table, from a dotted key and from an inline table alike', async () => {
  const wanted = { 'http.addr': '::1', 'http.port': '1', http: 'true' }
  for (const toml of [
    '[http]\naddr = "::1"\nport = 1\nenabled = true\n',
    'http.addr = "::1"\nhttp.port = 1\nhttp.enabled = true\n',
    'http = { addr = "::1", port = 1, enabled = true }\n',
  ]) {
    expect(await read(toml)).toEqual(wanted)
  }
})

test('lists, numbers and switches become the text that other sources give', async () => {
  expect(await read('maxpeers = 1_000\n[http]\napi = ["net", "eth"]\ncorsdomain = []\nenabled = false\n')).toEqual({
    maxpeers: '1000',
    'http.api': 'net,eth',
    'http.corsdomain': '',
    http: 'false',
  })
})

test.each([
  ['[Node.P2P]\nMaxPeers = 50', 'Node.P2P.MaxPeers', 'here it is maxpeers'],
  ['[Node.P2P]\nStaticNodes = []', 'Node.P2P.StaticNodes', 'here it is staticnodes'],
  ['[Eth]\nNetworkId = 5', 'Eth.NetworkId', 'here it is networkid'],
  ['[Node]\nHTTPHost = "::1"', 'Node.HTTPHost', "here they are the flags' names"],
  ['[Metrics]\n', 'Metrics', "here they are the flags' names"],
  ['MaxPeers = 50', 'MaxPeers', 'did you mean maxpeers?'],
  ['[HTTP]\nAddr = "::1"', 'HTTP.Addr', 'did you mean http.addr?'],
])(
  "a key of go-ethereum's config.toml, or in another case, is refused with our name for it: %j",
  async (toml, key, hint) => {
    await expect(read(toml)).rejects.toMatchObject({ field: `${file}: ${key}`, hint: expect.stringContaining(hint) })
  },
)

test('comments, trailing commas and blank items of a list are accepted in a file', async () => {
  expect(await read('# all\nstaticnodes = [ "a", # one\n  "", "b", ]\n[http]\napi = []\n')).toEqual({
    staticnodes: 'a,,b',
    'http.api': '',
  })
})

test('an empty table of settings is accepted, and so is an empty file', async () => {
  expect(await read('[http]\n[ws]\n')).toEqual({})
  expect(await read('')).toEqual({})
})

test.each([
  '[constructor]\nx = 1',
  '[__proto__]\nx = 1',
  '[http.__proto__]\naddr = "x"',
  '[http.addr]\nx = 1',
  '[[http]]\naddr = "x"',
  'http = 1',
  '"http.addr" = { a = 1 }',
  '"" = 1',
  'toString = 1',
  'port = [{ a = 1 }]',
  'port = 07:32:00',
  'a = "\u0000"',
  'x'.repeat(10_000),
  '['.repeat(10_000),
  `port = ${'['.repeat(10_000)}`,
])('a file with an unknown key or an invalid value (%#) is refused with its path', async (toml) => {
  await expect(read(toml)).rejects.toThrow(ConfigError)
  await expect(read(toml)).rejects.toMatchObject({ field: expect.stringContaining(file) })
})

test('a file that cannot be read is refused with the flag or variable that named it', async () => {
  for (const path of [join(root, 'none.toml'), root]) {
    await expect(readConfigFile(path, 'PEERLOOM_CONFIG')).rejects.toMatchObject({
      field: 'PEERLOOM_CONFIG',
      message: expect.stringContaining(path),
    })
  }
})

test('a key of a hundred thousand parts is refused with the name of the file', async () => {
  const deep = `${'a.'.repeat(100_000)}a = 1\n`
  await expect(read(deep)).rejects.toMatchObject({ name: 'ConfigError', field: file, reason: expect.any(String) })
})

test('any text is settings or a ConfigError', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: fc.constantFrom(...'[]{}="\'\\.,\n #http0x_') }), async (toml) => {
      const given = await read(toml).catch((error: unknown) => error)
      if (given instanceof Error) expect(given).toBeInstanceOf(ConfigError)
    }),
  )
})
