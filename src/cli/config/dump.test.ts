import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { formatEnode, NodeKey } from '../../identity/index.ts'
import { FLAG_NAMES, flagOf } from '../flags/index.ts'
import { dumpObject, dumpToml } from './dump.ts'
import { type FlagUse, readConfig } from './read-config.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'peerloom-dump-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const { publicKey } = NodeKey.generate()
const enode = formatEnode({ publicKey, host: '::1', tcpPort: 1, udpPort: 1 })
const uses: readonly FlagUse[] = [
  { name: 'http', flag: '--http', text: 'true' },
  { name: 'staticnodes', flag: '--peer', text: `${enode},${enode}` },
  { name: 'synctarget', flag: '--target', text: 'ab'.repeat(32) },
  { name: 'identity', flag: '--identity', text: 'a "b" \\ ü\u007f # c' },
  { name: 'genesis', flag: '--genesis', text: 'C:\\genesis.json' },
]

test('a dump reads back as the values it was written from', async () => {
  const config = await readConfig({ uses, env: { PEERLOOM_HTTP_PORT: '1', PEERLOOM_VERBOSITY: '4' } })
  const file = join(folder, 'dump.toml')
  writeFileSync(file, dumpToml(config))
  const again = await readConfig({ uses: [], env: { PEERLOOM_CONFIG: file } })
  const settings = FLAG_NAMES.filter((name) => flagOf(name).sources === 'all')
  for (const name of settings) expect(again.get(name), name).toEqual(config.get(name))
})

test('each line of a dump names the source of its value', async () => {
  const file = join(folder, 'some.toml')
  writeFileSync(file, 'maxpeers = 7\n')
  const given = [...uses, { name: 'config', flag: '--config', text: file } as const]
  const toml = dumpToml(await readConfig({ uses: given, env: { PEERLOOM_HTTP_PORT: '1' } }))
  expect(toml).toContain('\nport = 30303 # default\n')
  expect(toml).toContain(`\nmaxpeers = 7 # file ${file}: maxpeers\n`)
  expect(toml).toContain('\n[http]\nenabled = true # flag --http\n')
  expect(toml).toContain('\nport = 1 # environment PEERLOOM_HTTP_PORT\n')
  expect(toml).toContain('\n# network =\n')
})

test('a dump contains no secret, as TOML and as an object', async () => {
  const secret = 'ab'.repeat(32)
  const config = await readConfig({ uses: [{ name: 'nodekeyhex', flag: '--nodekeyhex', text: secret }], env: {} })
  expect(dumpToml(config) + JSON.stringify(dumpObject(config))).not.toContain(secret)
  expect(dumpToml(config)).toContain('# nodekeyhex = # flag --nodekeyhex; a secret is not shown\n')
})

test('a dump as an object has values and origins by flag', async () => {
  const object = dumpObject(await readConfig({ uses, env: {} }))
  expect(object['http.port']).toEqual({ value: 8545, from: 'default', name: '--http.port' })
  expect(object.synctarget).toEqual({ value: `0x${'ab'.repeat(32)}`, from: 'flag', name: '--target' })
  expect(object.network).toMatchObject({ value: null })
})
