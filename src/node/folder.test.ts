import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join, relative } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { formatEnode, NodeKey } from '../identity/index.ts'
import { ipcPathIn, jwtSecretPath, NodeFolder, readJwtSecret, readOrCreateJwtSecret } from './folder.ts'

let root: string
let made = 0
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'peerloom-f-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const newPath = (): string => join(root, String(made++))

/** The ConfigError of an option, with a path in its message. */
const refusal = (field: string, path: string) => ({
  name: 'ConfigError',
  field,
  message: expect.stringContaining(path),
})

test('a folder is created with its parents, has an absolute path, and is accessible to its owner alone', async () => {
  const path = join(newPath(), 'a', 'b')
  await using folder = await NodeFolder.open(relative('.', path))
  expect(folder.path).toBe(path)
  expect(isAbsolute(folder.file('x'))).toBe(true)
  expect(statSync(join(path, 'peerloom')).mode & 0o077).toBe(0)
})

test('a folder is locked by one node at a time, and unlocked when that node is done', async () => {
  const path = newPath()
  const first = await NodeFolder.open(path)
  const locked = { code: 'ERR_STORAGE_LOCKED', path, message: `${path} is in use by another process` }
  await expect(NodeFolder.open(path)).rejects.toMatchObject(locked)
  await first[Symbol.asyncDispose]()
  await using second = await NodeFolder.open(path)
  expect(second.path).toBe(path)
})

test('a folder that is a file is refused with the option and the path', async () => {
  const path = newPath()
  writeFileSync(path, 'kept')
  await expect(NodeFolder.open(path)).rejects.toMatchObject(refusal('dataDir', path))
  expect(readFileSync(path, 'utf8')).toBe('kept')
})

test('a node key is created once, readable by its owner alone, and kept', async () => {
  await using folder = await NodeFolder.open(newPath())
  const key = await folder.nodeKey()
  expect((await folder.nodeKey()).id).toEqual(key.id)
  expect(statSync(folder.file('nodekey')).mode & 0o777).toBe(0o600)
})

test.each(['', 'x', '0'.repeat(64), 'f'.repeat(64), '1'.repeat(65)])(
  'a node key that is damaged (%j) is refused and left as it is: a new one would be another node',
  async (text) => {
    await using folder = await NodeFolder.open(newPath())
    writeFileSync(folder.file('nodekey'), text)
    await expect(folder.nodeKey()).rejects.toMatchObject(refusal('dataDir', 'nodekey'))
    expect(readFileSync(folder.file('nodekey'), 'utf8')).toBe(text)
  },
)

test('a secret is created once, readable by its owner alone, and leaves no temporary file', async () => {
  await using folder = await NodeFolder.open(newPath())
  const secret = await folder.jwtSecret()
  expect(secret).toHaveLength(32)
  expect(await folder.jwtSecret()).toEqual(secret)
  expect(await readJwtSecret(jwtSecretPath(folder.path))).toEqual(secret)
  expect(statSync(folder.file('jwtsecret')).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(folder.path, 'peerloom')).sort()).toEqual(['jwtsecret', 'lock'])
})

test.each(['ab'.repeat(32), `0x${'AB'.repeat(32)}`, `  0x${'ab'.repeat(32)}\r\n`])(
  'a secret is read as other clients write it: %j',
  async (text) => {
    const path = newPath()
    writeFileSync(path, text)
    expect(await readJwtSecret(path)).toEqual(new Uint8Array(32).fill(0xab))
  },
)

test.each(['', '0x', 'ab'.repeat(31), 'ab'.repeat(33), 'zz'.repeat(32), `${'ab'.repeat(32)} x`, ' '.repeat(2_000)])(
  'a secret that is damaged is refused with its path, and not replaced (%#)',
  async (text) => {
    await using folder = await NodeFolder.open(newPath())
    const path = folder.file('jwtsecret')
    writeFileSync(path, text)
    await expect(folder.jwtSecret()).rejects.toMatchObject(refusal('authrpc.jwtSecret', path))
    expect(readFileSync(path, 'utf8')).toBe(text)
  },
)

test('a secret that is missing, or cannot be written, is refused with its path', async () => {
  const path = join(newPath(), 'none', 'jwtsecret')
  await expect(readJwtSecret(path)).rejects.toMatchObject(refusal('authrpc.jwtSecret', path))
  await expect(readOrCreateJwtSecret(path)).rejects.toMatchObject(refusal('authrpc.jwtSecret', path))
})

test.each(['static', 'trusted'] as const)(
  'the list of %s nodes is read from its file, and is empty without one',
  async (kind) => {
    await using folder = await NodeFolder.open(newPath())
    expect(await folder.nodes(kind)).toEqual([])
    const { publicKey } = NodeKey.generate()
    const url = formatEnode({ publicKey, host: '10.0.0.1', tcpPort: 1, udpPort: 1 })
    writeFileSync(folder.file(`${kind}-nodes.json`), JSON.stringify([url, url]))
    expect(await folder.nodes(kind)).toEqual([url, url])
    writeFileSync(folder.file(`${kind}-nodes.json`), '[]')
    expect(await folder.nodes(kind)).toEqual([])
  },
)

test('blanks around the URLs of a list of nodes, and blank entries, are passed over', async () => {
  await using folder = await NodeFolder.open(newPath())
  const { publicKey } = NodeKey.generate()
  const url = formatEnode({ publicKey, host: '10.0.0.1', tcpPort: 1, udpPort: 1 })
  writeFileSync(folder.file('static-nodes.json'), `\r\n[ "", " ${url} ",\n"${url}", " " ]\n`)
  expect(await folder.nodes('static')).toEqual([url, url])
})

test.each([
  '["enode://x",]',
  '[] // none',
  '',
  '{',
  '{}',
  'null',
  '"enode://x"',
  '[1]',
  '[["x"]]',
  '["enode://x"]',
  `"${'x'.repeat(1 << 20)}"`,
])('an invalid list of nodes is refused with its option and path (%#)', async (text) => {
  await using folder = await NodeFolder.open(newPath())
  const path = folder.file('static-nodes.json')
  writeFileSync(path, text)
  const failed = folder.nodes('static')
  await expect(failed).rejects.toMatchObject(refusal('p2p.staticNodes', path))
  await expect(failed).rejects.toThrow(/^p2p\.staticNodes: [^\n]{1,300}$/)
})

test('an IPC path is in the data folder when it is a bare name, and otherwise stays as it is', () => {
  if (process.platform === 'win32') return
  expect(ipcPathIn('/d')).toBe('/d/peerloom.ipc')
  expect(ipcPathIn('/d', 'own.ipc')).toBe('/d/own.ipc')
  for (const path of ['/run/own.ipc', './own.ipc', 'run/own.ipc', '../own.ipc'])
    expect(ipcPathIn('/d', path)).toBe(path)
})
