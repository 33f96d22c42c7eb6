/**
 * Random texts of genesis.json for the comparison with go-ethereum: mostly valid, then bent in ways that people's files
 * are bent, and in absurd ones.
 */
import { randomBelow } from '../support/random.ts'

/** A value as text, or the fields of an object in order. */
type Node = string | Fields
type Fields = [name: string, value: Node][]

const ADDRESS = '1000000000000000000000000000000000000001'
const WORD = `0x${'ab'.repeat(32)}`
const BLOCK_FORKS = [
  ...['homestead', 'eip150', 'eip155', 'eip158', 'byzantium', 'constantinople', 'petersburg', 'istanbul'],
  ...['berlin', 'london'],
]
const TIME_FORKS = ['shanghai', 'cancun', 'prague', 'osaka', 'bpo1', 'bpo2', 'amsterdam', 'bogota']
const NEVER = '18446744073709551615'

/** Numbers of the header and of accounts. */
const NUMBERS = [
  ...['0', '1', '"0x0"', '"0x1"', '"0X400"', '""', '"007"', '"0x007"', '4294967296', '9007199254740993'],
  ...[NEVER, `"${NEVER}"`, '"0xffffffffffffffff"', '1700000000123456789', '"1700000000123456789"'],
]
const ODD_NUMBERS = [
  ...[
    '18446744073709551616',
    '"0x10000000000000000"',
    '"0x"',
    '1e3',
    '1.0',
    '1.5',
    '"1e3"',
    '"+5"',
    '"0x+5"',
    '"1_000"',
  ],
  ...['" 1"', '"0b1"', '"ten"', 'null', 'true', '[]', '{}', `"0x${'f'.repeat(64)}"`, `"0x1${'0'.repeat(64)}"`],
]
const CHAIN_IDS = ['1337', '0', NEVER, '100000000000000000000000000', `1${'0'.repeat(90)}`]
const FORKS = ['0', '0', '0', '5', '1700000000', '9007199254740993', NEVER, NEVER]
const ODD_FORKS = [
  '18446744073709551616',
  '1e3',
  '"0"',
  '"0x5"',
  '""',
  'null',
  '1.5',
  '[]',
  '10000000000000000000000000',
]
const BYTES = ['""', '"0x"', '"0X1234"', '"0xAbCd"', `"${WORD}"`]
const ODD_BYTES = ['"0x123"', '"1234"', '"0xzz"', 'null', '5', 'true', '"0x12"']
const BLOBS = ['0', '3', '6', '9', '9223372036854775807', '9223372036854775808', 'null', '"3"', '1.5']
const UNKNOWN = ['extradat', 'gasLimits', 'londonTime', 'comment', '__proto__', 'constructor', 'toString', '']

const one = <T>(from: readonly T[]): T => from[randomBelow(from.length)] as T
const chance = (percent: number): boolean => randomBelow(100) < percent

/** A number of the header: odd now and then. */
const number = (): string => (chance(3) ? one(ODD_NUMBERS) : one(NUMBERS))

const bytes = (): string => one(chance(8) ? ODD_BYTES : BYTES)

/** The text of a genesis.json. */
export function genesisText(): string {
  const genesis: Fields = [
    ['config', config()],
    ['gasLimit', number()],
    ['difficulty', number()],
    ['alloc', chance(3) ? one(['null', '[]', '5']) : alloc()],
  ]
  for (const name of ['nonce', 'timestamp', 'gasUsed', 'baseFeePerGas', 'blobGasUsed', 'slotNumber']) {
    if (chance(25)) genesis.push([name, number()])
  }
  if (chance(6)) genesis.push(['excessBlobGas', number()])
  if (chance(10)) genesis.push(['number', one(chance(5) ? ['1', NEVER] : ['0', '""', '"0x0"', 'null'])])
  if (chance(30)) genesis.push(['extraData', bytes()])
  for (const name of ['mixHash', 'parentHash']) if (chance(20)) genesis.push([name, chance(95) ? `"${WORD}"` : bytes()])
  if (chance(20)) genesis.push(['coinbase', chance(95) ? `"0x${ADDRESS}"` : bytes()])
  return write(chance(60) ? bend(genesis) : genesis) + (chance(3) ? one([' }', '\nrest', ' {}']) : '')
}

function config(): Node {
  if (chance(2)) return one(['null', '5', '[]'])
  const fields: Fields = [['chainId', one(chance(4) ? ['"1"', '1e3', '"0x10"', 'true'] : CHAIN_IDS)]]
  const blocks = randomBelow(BLOCK_FORKS.length + 6)
  for (const fork of BLOCK_FORKS.slice(0, blocks)) fields.push([`${fork}Block`, '0'])
  if (chance(3)) bump(fields, one(ODD_FORKS))
  else if (chance(20)) bump(fields, one(FORKS))
  if (blocks >= BLOCK_FORKS.length) fields.push(...timeForks())
  if (chance(30))
    fields.push([
      'terminalTotalDifficulty',
      one(chance(6) ? ['5.875e22', '"5"', '1.5'] : ['0', '58750000000000000000000', 'null']),
    ])
  if (chance(10)) fields.push(['daoForkSupport', one(chance(5) ? ['"yes"', '1'] : ['true', 'false', 'null'])])
  if (chance(10)) fields.push(['ethash', chance(5) ? '5' : one<Node>([[], 'null'])])
  if (chance(4)) fields.push(['clique', one<Node>([[['period', one(NUMBERS)]], 'null', '5', []])])
  if (chance(5)) fields.push(['depositContractAddress', chance(90) ? `"0x${ADDRESS}"` : bytes()])
  return fields
}

/** Gives the last fork another value. */
function bump(fields: Fields, value: string): void {
  const last = fields.at(-1)
  if (last && last[0] !== 'chainId') last[1] = value
}

function timeForks(): Fields {
  const count = randomBelow(TIME_FORKS.length + 1)
  let at = '0'
  const forks = TIME_FORKS.slice(0, count).filter((name) => name === 'shanghai' || chance(93))
  const fields: Fields = forks.map((fork) => {
    if (chance(12)) at = one(chance(95) ? FORKS : ODD_FORKS)
    return [`${fork}Time`, at]
  })
  const schedule: Fields = []
  for (const fork of ['cancun', 'prague', 'bpo1', 'bpo2']) {
    if (chance(97)) schedule.push([fork, blobParameters()])
  }
  return [...fields, ['blobSchedule', schedule]]
}

function blobParameters(): Node {
  if (chance(2)) return one(['null', '5', '[]'])
  const fields: Fields = [['baseFeeUpdateFraction', chance(97) ? '3338477' : one(BLOBS)]]
  for (const name of ['target', 'max']) if (chance(95)) fields.push([name, chance(90) ? '6' : one(BLOBS)])
  return fields
}

function alloc(): Fields {
  return Array.from({ length: randomBelow(4) }, () => [address(), chance(99) ? account() : one(['null', '5'])])
}

function address(): string {
  const hex = ADDRESS.slice(0, -1) + one(['1', '2', 'a', 'A'])
  return chance(98) ? one(['', '0x', '0X']) + hex : one([`0x${hex}0`, hex.slice(1), '0x', ''])
}

function account(): Node {
  const fields: Fields = chance(98) ? [['balance', number()]] : []
  if (chance(20)) fields.push(['nonce', number()])
  if (chance(20)) fields.push(['code', bytes()])
  if (chance(20)) fields.push(['storage', Array.from({ length: randomBelow(3) }, slot)])
  return fields
}

function slot(): [string, Node] {
  const words = ['', '0x', '01', '0x01', '0x0001', '00ff', WORD]
  const key = chance(95) ? one(words) : one(['0x1', '0X01', `${WORD}00`, 'zz'])
  return [key, chance(95) ? `"${one(words)}"` : one(['null', '1', '"0X01"', '"0x1"', '[]'])]
}

/** Renames, repeats and adds fields, at one place or several. */
function bend(fields: Fields): Fields {
  const bent: Fields = fields.map(([name, value]) => [
    chance(15) ? recase(name) : name,
    typeof value !== 'string' && chance(40) ? bend(value) : value,
  ])
  if (chance(8)) bent.push([one(UNKNOWN), one(['1', '"x"', '{"a":[1,{}]}', 'null'])])
  const again = bent[randomBelow(bent.length)]
  if (again && chance(15)) {
    const value = typeof again[1] === 'string' && chance(50) ? one(['null', '"0x5"', '7']) : again[1]
    bent.splice(randomBelow(bent.length + 1), 0, [recase(again[0]), value])
  }
  return bent
}

function recase(name: string): string {
  const letters = [...name].map((letter) => (chance(30) ? letter.toUpperCase() : letter))
  return one([
    name,
    name.toLowerCase(),
    name.toUpperCase(),
    letters.join(''),
    name.replace('s', 'ſ').replace('k', '\u212a'),
  ])
}

function write(node: Node): string {
  if (typeof node === 'string') return node
  return `{${node.map(([name, value]) => `${JSON.stringify(name)}:${one(['', ' ', '\n\t'])}${write(value)}`).join(', ')}}`
}
