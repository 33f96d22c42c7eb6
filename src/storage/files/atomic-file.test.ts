import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeFileAtomically } from './atomic-file.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerloom-atomic-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('a file written atomically is readable by its owner alone, whatever it was before, and leaves nothing beside it', async () => {
  const path = join(folder, 'file')
  await writeFile(path, 'x'.repeat(500))
  await chmod(path, 0o644)
  await writeFileAtomically(path, 'new')
  expect(await readFile(path, 'utf8')).toBe('new')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readdir(folder)).toEqual(['file'])
})

test('writes of one file at the same time leave one of the contents, whole', async () => {
  const path = join(folder, 'file')
  const contents = Array.from({ length: 8 }, (_, i) => String(i).repeat(10_000))
  await Promise.all(contents.map((text) => writeFileAtomically(path, text)))
  expect(contents).toContain(await readFile(path, 'utf8'))
  expect(await readdir(folder)).toEqual(['file'])
})

test('a write that fails rejects with the error of the system and leaves no temporary file', async () => {
  const path = join(folder, 'taken')
  await mkdir(path)
  await expect(writeFileAtomically(path, 'x')).rejects.toMatchObject({ code: expect.stringMatching(/^E/) })
  expect(await readdir(folder)).toEqual(['taken'])
  await expect(writeFileAtomically(join(folder, 'no', 'file'), 'x')).rejects.toMatchObject({ code: 'ENOENT' })
})
