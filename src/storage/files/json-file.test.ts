import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { type Logger, silentLogger } from '../../base/log.ts'
import { JsonFile, WRITE_INTERVAL } from './json-file.ts'

let folder = ''
let path = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerloom-json-'))
  path = join(folder, 'state.json')
})
afterEach(() => rm(folder, { recursive: true }))

function parse(value: unknown): number[] {
  if (!Array.isArray(value) || !value.every((each) => typeof each === 'number'))
    throw new Error('not a list of numbers')
  return value
}

function warnings(): { readonly log: Logger; readonly lines: unknown[][] } {
  const lines: unknown[][] = []
  return { log: { ...silentLogger, warn: (...line) => void lines.push(line) }, lines }
}

const content = async (): Promise<unknown> => JSON.parse(await readFile(path, 'utf8'))

test('a file that is not there has no content, and gets one by saving', async () => {
  const file = await JsonFile.open(path, { parse })
  expect(file.initial).toBeUndefined()
  file.save(() => [1, 2])
  await file.close()
  expect((await JsonFile.open(path, { parse })).initial).toEqual([1, 2])
})

test('a change after a quiet time is written at once, and those of a burst together an interval later', async () => {
  const clock = new FakeClock()
  const file = await JsonFile.open(path, { parse, clock })
  let snapshots = 0
  const save = (value: number): void => file.save(() => [value, ++snapshots])
  save(1)
  await clock.advance(0)
  await expect.poll(content).toEqual([1, 1])
  for (let value = 2; value < 100; value++) save(value)
  await clock.advance(WRITE_INTERVAL - 1)
  expect(await content()).toEqual([1, 1])
  await clock.advance(1)
  await expect.poll(content).toEqual([99, 2])
  await file.close()
  expect(clock.pending).toBe(0)
})

test('a temporary file of a killed process is replaced, and no other is left', async () => {
  await writeFile(`${path}.tmp`, 'half')
  const file = await JsonFile.open(path, { parse })
  file.save(() => [1])
  await file.close()
  expect([await readdir(folder), await content()]).toEqual([['state.json'], [1]])
})

test('closing writes what is not written yet, and nothing is written after it', async () => {
  const clock = new FakeClock()
  const file = await JsonFile.open(path, { parse, clock })
  file.save(() => [1])
  await clock.advance(0)
  file.save(() => [2])
  await file.close()
  expect(await content()).toEqual([2])
  file.save(() => [3])
  await clock.advance(10 * WRITE_INTERVAL)
  await file.close()
  expect(await content()).toEqual([2])
})

test.each([
  ['no JSON', '[1,'],
  ['nothing', ''],
  ['another shape', '{"__proto__": []}'],
  ['more bytes than allowed', `[${'1,'.repeat(600)}1]`],
])('a file that holds %s is set aside with a warning', async (_what, text) => {
  await writeFile(path, text)
  const { log, lines } = warnings()
  const file = await JsonFile.open(path, { parse, log, maxBytes: 1_000 })
  expect(file.initial).toBeUndefined()
  expect(await readdir(folder)).toEqual(['state.json.damaged'])
  expect(lines).toEqual([['Damaged file ignored', expect.objectContaining({ path, movedTo: `${path}.damaged` })]])
  file.save(() => [1])
  await file.close()
  expect(await content()).toEqual([1])
})

test('a folder or a pipe of the name is set aside, and never waited for', async () => {
  for (const make of [() => mkdir(path), async () => execFileSync('mkfifo', [path])]) {
    await make()
    const file = await JsonFile.open(path, { parse })
    file.save(() => [1])
    await file.close()
    expect(await content()).toEqual([1])
    await rm(path)
    await rm(`${path}.damaged`, { recursive: true })
  }
})

test('a write that fails is logged once, and the next change is written when it can be', async () => {
  const { log, lines } = warnings()
  const clock = new FakeClock()
  path = join(folder, 'later', 'state.json')
  const file = await JsonFile.open(path, { parse, log, clock })
  file.save(() => [1])
  await clock.advance(0)
  await expect.poll(() => lines.length).toBe(1)
  await mkdir(join(folder, 'later'))
  file.save(() => [2])
  await clock.advance(WRITE_INTERVAL)
  await expect.poll(content).toEqual([2])
  await file.close()
  expect(lines).toEqual([['Failed to write file', expect.objectContaining({ path })]])
})

test('a change whose write failed is written when the file is closed', async () => {
  const clock = new FakeClock()
  const { log, lines } = warnings()
  path = join(folder, 'later', 'state.json')
  const file = await JsonFile.open(path, { parse, log, clock })
  file.save(() => [1])
  await clock.advance(0)
  await expect.poll(() => lines.length).toBe(1)
  await mkdir(join(folder, 'later'))
  await file.close()
  expect(await content()).toEqual([1])
})
