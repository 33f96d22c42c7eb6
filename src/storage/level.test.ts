import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeError } from '../base/errors.ts'
import { storageError } from './failures.ts'
import { openLevelStore, repairLevelStore } from './index.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)

/** Opens the store as ours is opened, says `ready`, and writes batches of 50 equal values until it is killed. */
const WRITER = `
import { ClassicLevel } from 'classic-level'
const db = new ClassicLevel(process.argv[1], { keyEncoding: 'view', valueEncoding: 'view' })
await db.open()
for (let round = 0; ; round++) {
  const value = new Uint8Array(2000).fill(round)
  await db.batch(Array.from({ length: 50 }, (_, i) => ({ type: 'put', key: Uint8Array.of(i), value })), { sync: false })
  if (round === 20) process.stdout.write('ready')
}`

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerloom-level-'))
  path = join(folder, 'db')
})
afterEach(() => rm(folder, { recursive: true }))

async function startWriter(): Promise<ChildProcess> {
  const cwd = fileURLToPath(new URL('../..', import.meta.url))
  const child = spawn(process.execPath, ['--input-type=module', '--eval', WRITER, path], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

async function fill(): Promise<void> {
  await using store = await openLevelStore(path)
  await store.write([{ type: 'put', key: bytes(1), value: bytes(2) }])
}

test('a store that another process has open is refused, and opens when that process has ended', async () => {
  const child = await startWriter()
  await expect(openLevelStore(path)).rejects.toMatchObject({
    code: 'ERR_STORAGE_LOCKED',
    message: `${path} is in use by another process`,
  })
  await kill(child)
  await (await openLevelStore(path)).close()
})

test('a store holds whole batches only after kill -9 while writing', async () => {
  for (let attempt = 0; attempt < 3; attempt++) {
    await kill(await startWriter())
    await using store = await openLevelStore(path)
    const values = new Set<string>()
    for await (const [, value] of store.iterate()) values.add(`${value.length}:${value[0]}`)
    expect(values.size).toBe(1)
  }
})

test('a store keeps its entries over closing and opening', async () => {
  await fill()
  await using store = await openLevelStore(path)
  expect(store.get(bytes(1))).toEqual(bytes(2))
})

test('a damaged CURRENT or MANIFEST is reported as corruption, and repair brings the entries back', async () => {
  await fill()
  await writeFile(join(path, 'CURRENT'), 'garbage')
  await expect(openLevelStore(path)).rejects.toMatchObject({ code: 'ERR_STORAGE_CORRUPT', path })
  await repairLevelStore(path)
  const manifest = (await readdir(path)).filter((name) => name.startsWith('MANIFEST'))
  for (const name of manifest) await truncate(join(path, name), 5)
  await expect(openLevelStore(path)).rejects.toMatchObject({ code: 'ERR_STORAGE_CORRUPT', path })
  await repairLevelStore(path)
  await using store = await openLevelStore(path)
  expect(store.get(bytes(1))).toEqual(bytes(2))
})

test('a MANIFEST that is gone, a CURRENT that names none and a table that is cut are reported as corruption', async () => {
  const damaged = { code: 'ERR_STORAGE_CORRUPT', path }
  await fill()
  await (await openLevelStore(path)).close() // the second opening turns the log into a table
  const current = await readFile(join(path, 'CURRENT'))
  await writeFile(join(path, 'CURRENT'), 'MANIFEST-999999\n')
  await expect(openLevelStore(path)).rejects.toMatchObject(damaged)
  await writeFile(join(path, 'CURRENT'), current)
  await rename(join(path, current.toString().trim()), join(folder, 'manifest'))
  await expect(openLevelStore(path)).rejects.toMatchObject(damaged)
  await rename(join(folder, 'manifest'), join(path, current.toString().trim()))
  for (const name of await readdir(path)) if (name.endsWith('.ldb')) await truncate(join(path, name), 20)
  await using store = await openLevelStore(path)
  expect(() => store.get(bytes(1))).toThrow(expect.objectContaining(damaged))
})

test('tables without CURRENT are reported as corruption instead of being deleted', async () => {
  await fill()
  await (await openLevelStore(path)).close() // the second opening turns the log into a table
  await rm(join(path, 'CURRENT'))
  await expect(openLevelStore(path)).rejects.toMatchObject({ code: 'ERR_STORAGE_CORRUPT' })
  await repairLevelStore(path)
  await using store = await openLevelStore(path)
  expect(store.get(bytes(1))).toEqual(bytes(2))
})

test('a folder with other files, or a file, is refused and left as it is', async () => {
  await mkdir(path)
  await writeFile(join(path, 'letter.txt'), 'dear')
  await expect(openLevelStore(path)).rejects.toMatchObject({ code: 'ERR_STORAGE_FOREIGN' })
  expect(await readdir(path)).toEqual(['letter.txt'])
  await expect(openLevelStore(join(path, 'letter.txt'))).rejects.toMatchObject({ code: 'ERR_STORAGE_FOREIGN' })
})

test('a folder whose creation was interrupted is created again', async () => {
  await mkdir(path)
  await writeFile(join(path, 'LOCK'), '')
  await writeFile(join(path, 'MANIFEST-000001'), '')
  await (await openLevelStore(path)).close()
})

test('a store that is open is not repaired, here or in another process', async () => {
  const locked = expect.objectContaining({ code: 'ERR_STORAGE_LOCKED' })
  const child = await startWriter()
  await expect(repairLevelStore(path)).rejects.toEqual(locked)
  await kill(child)
  await using _store = await openLevelStore(path)
  await expect(repairLevelStore(path)).rejects.toEqual(locked)
})

test('repairing a store that does not exist fails', async () => {
  await expect(repairLevelStore(path)).rejects.toMatchObject({ code: 'ERR_STORAGE_IO' })
})

test('approximateBytes returns the size of a range', async () => {
  await using store = await openLevelStore(path, { writeBufferBytes: 64 * 1024 })
  const value = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7919) >> 5)
  for (let i = 0; i < 5; i++) await store.write([{ type: 'put', key: bytes(i), value }])
  expect(await store.approximateBytes(bytes(0), bytes(9))).toBeGreaterThan(0)
})

test('errors of the system become error codes', () => {
  const code = (message: string) => storageError('db', new Error(message)).code
  expect(code('IO error: db/1.log: No space left on device')).toBe('ERR_STORAGE_FULL')
  expect(code('IO error: db/1.log: Disk quota exceeded')).toBe('ERR_STORAGE_FULL')
  expect(code('IO error: db/LOCK: Permission denied')).toBe('ERR_STORAGE_DENIED')
  expect(code('IO error: db/LOCK: Read-only file system')).toBe('ERR_STORAGE_DENIED')
  expect(code('IO error: db/1.ldb: Input/output error')).toBe('ERR_STORAGE_IO')
  expect(describeError(storageError('db', new Error('x')))).toBe('db: x')
})
