import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { importsOf } from './support/imports.ts'

const SRC = fileURLToPath(new URL('../src', import.meta.url))

/** ARCHITECTURE.md's floors. A room stands on lower floors only; rooms of one floor do not know each other. */
const FLOORS: Readonly<Record<string, number>> = {
  base: 0,
  codec: 1,
  crypto: 1,
  storage: 1,
  net: 1,
  identity: 2,
  peer: 3,
  pool: 4,
  devp2p: 5,
  discovery: 5,
  rpc: 5,
  node: 6,
  ethereum: 7,
  bitcoin: 7,
  swarm: 7,
  fleet: 8,
  simulation: 8,
  cli: 9,
  testing: 10,
}
/** Floors inside a room: each folder stands on those before it; folders of one floor are in one array. */
const INNER: Readonly<Record<string, readonly (string | readonly string[])[]>> = {
  storage: ['files'],
  ethereum: ['types', 'chain', 'files', 'eth', 'sync', 'api'],
  rpc: ['wire', 'session', ['server', 'client']],
}

/**
 * Cycles that are still to be undone. The test compares the list with what it finds, so that an entry has to go with its
 * cycle.
 */
const KNOWN_CYCLES: readonly (readonly string[])[] = []

/** A file of src, as the path below it with slashes. */
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.split(sep).join('/'))

/** @returns the reason why `from` may not import `to`, both below src; undefined if it may */
function checkImport(from: string, to: string, isTest: boolean): string | undefined {
  const [room = '', folder = ''] = from.split('/')
  const [target = '', targetFolder = ''] = to.split('/')
  const [floor, targetFloor] = [FLOORS[room], FLOORS[target]]
  if (floor === undefined || targetFloor === undefined) return 'a room without a floor'
  if (room === target) return isTest ? undefined : checkInnerImport(room, folder, targetFolder, to)
  if (targetFloor >= floor && !(isTest && targetFloor === FLOORS.testing)) return 'not a lower floor'
  if (target === 'base' || isTest) return undefined
  return to === `${target}/index.ts` || isInnerIndex(target, to) ? undefined : 'past the index.ts of another room'
}

function checkInnerImport(room: string, folder: string, targetFolder: string, to: string): string | undefined {
  const inner = INNER[room]
  if (!inner || folder === targetFolder || folder.endsWith('.ts')) return undefined
  const floorOf = (name: string) => inner.findIndex((each) => [each].flat().includes(name))
  if (floorOf(targetFolder) >= floorOf(folder)) return `${targetFolder} does not lie below ${folder}`
  if (floorOf(targetFolder) < 0) return 'past its own floor'
  const door = `${room}/${targetFolder}/index.ts` // a part without one is open to the parts above it
  return to === door || !files.includes(door) ? undefined : 'past the index.ts of another part'
}

function isInnerIndex(target: string, to: string): boolean {
  return INNER[target]?.flat().some((folder) => to === `${target}/${folder}/index.ts`) ?? false
}

/** Files of src that `file` imports, types included, as paths below src. */
function importedBy(file: string): string[] {
  return importsOf(readFileSync(join(SRC, file), 'utf8'))
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) =>
      relative(SRC, join(SRC, dirname(file), specifier))
        .split(sep)
        .join('/'),
    )
    .filter((to) => !to.startsWith('../')) // a test's support and vectors, the WASM sources
}

function violationsIn(file: string): string[] {
  const isTest = file.endsWith('.test.ts')
  return importedBy(file)
    .map((to) => ({ to, why: checkImport(file, to, isTest) }))
    .filter(({ why }) => why !== undefined)
    .map(({ to, why }) => `${file} imports ${to}: ${why}`)
}

/**
 * Groups of files that import each other, directly or through others: the strongly connected components of the graph,
 * by Tarjan's algorithm. A file that imports itself is a group of one.
 */
function importCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = []
  const order = new Map<string, number>()
  const stack: string[] = []
  const visit = (file: string): number => {
    const own = order.size
    order.set(file, own)
    stack.push(file)
    let lowest = own
    for (const to of graph.get(file) ?? []) {
      const known = order.get(to)
      if (known === undefined) lowest = Math.min(lowest, visit(to))
      else if (stack.includes(to)) lowest = Math.min(lowest, known)
    }
    if (lowest < own) return lowest
    const group = stack.splice(stack.indexOf(file))
    if (group.length > 1 || graph.get(file)?.includes(file)) cycles.push(group.sort())
    return lowest
  }
  for (const file of graph.keys()) if (!order.has(file)) visit(file)
  return cycles.sort()
}

describe('floors', () => {
  test('every folder of src has a floor', () => {
    const rooms = new Set(files.filter((file) => file.includes('/')).map((file) => file.split('/')[0] as string))
    expect([...rooms].filter((room) => FLOORS[room] === undefined)).toEqual([])
  })

  test('a file imports its own room and the index of lower floors only', () => {
    const rooms = files.filter((file) => file.includes('/')) // src/index.ts is the house, not a room
    expect(rooms.flatMap(violationsIn)).toEqual([])
  })

  test('no two files import each other in a cycle, types included', () => {
    expect(importCycles(new Map(files.map((file) => [file, importedBy(file)])))).toEqual(KNOWN_CYCLES)
  })

  test.each([
    ['a chain', { a: ['b'], b: ['c'], c: [] }, []],
    ['two ways to one file', { a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }, []],
    ['a pair', { a: ['b'], b: ['c'], c: ['b'] }, [['b', 'c']]],
    ['a file that imports itself', { a: ['a'] }, [['a']]],
    [
      'two cycles, one importing the other',
      { a: ['b'], b: ['a', 'c'], c: ['d'], d: ['e'], e: ['c'] },
      [
        ['a', 'b'],
        ['c', 'd', 'e'],
      ],
    ],
    ['a cycle with a short cut', { a: ['b', 'c'], b: ['c'], c: ['a'] }, [['a', 'b', 'c']]],
  ])('the search for import cycles finds those of %s', (_, graph, cycles) => {
    expect(importCycles(new Map(Object.entries<string[]>(graph)))).toEqual(cycles)
  })

  test.each([
    "import { a } from './x.ts'",
    "import type { A } from './x.ts'",
    "import { type A } from './x.ts'",
    "import {\n  a,\n  type A,\n} from './x.ts'",
    "import * as x from './x.ts'",
    "import './x.ts'",
    "export * from './x.ts'",
    "export type { A } from './x.ts'",
    "const x = await import('./x.ts')",
    "let a: import('./x.ts').A",
  ])('the reader of imports sees %j', (source) => {
    expect(importsOf(source)).toEqual(['./x.ts'])
  })

  test('no source outside of tests imports a test, or a file that is not TypeScript', () => {
    const sources = files.filter((file) => !file.endsWith('.test.ts'))
    const strange = sources.flatMap((file) =>
      importsOf(readFileSync(join(SRC, file), 'utf8'))
        .filter((to) => to.startsWith('.') && (!to.endsWith('.ts') || to.endsWith('.test.ts')))
        .map((to) => `${file}: ${to}`),
    )
    expect(strange).toEqual([])
  })

  test('every room opens with an index.ts that only re-exports, under a comment about its purpose', () => {
    const rooms = files.filter((file) => /^\w+\/index\.ts$/.test(file) && !file.startsWith('cli/'))
    for (const file of rooms) {
      const text = readFileSync(join(SRC, file), 'utf8')
      expect(text, file).toMatch(/^\/\*\*\n \* \S/)
      expect(text, file).not.toMatch(/^(?:const|let|function|class|import)\b|^export (?:const|let|function|class)\b/m)
    }
    expect(rooms.length).toBeGreaterThan(8)
  })

  test.each([
    ['codec/snappy.ts', 'crypto/index.ts', 'not a lower floor'],
    ['peer/peer-connection.ts', 'pool/index.ts', 'not a lower floor'],
    ['peer/peer-connection.ts', 'codec/rlp/items.ts', 'past the index.ts of another room'],
    ['ethereum/types/block.ts', 'ethereum/eth/index.ts', 'eth does not lie below types'],
    ['ethereum/eth/eth.ts', 'ethereum/types/block.ts', 'past the index.ts of another part'],
    ['ethereum/eth/eth.ts', 'ethereum/types/index.ts', undefined],
    ['ethereum/eth/eth.ts', 'ethereum/index.ts', 'past its own floor'],
    ['rpc/server/server.ts', 'rpc/wire/wire.ts', undefined],
    ['rpc/session/session.ts', 'rpc/server/server.ts', 'server does not lie below session'],
    ['rpc/server/server.ts', 'rpc/client/client.ts', 'client does not lie below server'],
    ['rpc/client/client.ts', 'rpc/server/server.ts', 'server does not lie below client'],
    ['node/node.ts', 'rpc/wire/wire.ts', 'past the index.ts of another room'],
    ['peer/peer-connection.ts', 'base/clock.ts', undefined],
    ['newroom/x.ts', 'base/clock.ts', 'a room without a floor'],
  ])('%s importing %s: %s', (from, to, why) => {
    expect(checkImport(from, to, false)).toBe(why)
  })
})
