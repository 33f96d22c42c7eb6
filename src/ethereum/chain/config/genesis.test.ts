import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytesTo0x } from '../../../base/bytes.ts'
import { ConfigError } from '../../../base/errors.ts'
import { EMPTY_ROOT } from '../../types/index.ts'
import { genesisFromJson, parseGenesis } from './genesis.ts'

type Json = Record<string, unknown>
const { cases } = JSON.parse(
  readFileSync(new URL('../../../../test/vectors/genesis.json', import.meta.url), 'utf8'),
) as {
  cases: { name: string; genesis: Json; hash: string; stateRoot: string }[]
}
const demo = readFileSync(new URL('../../../../assets/demo/genesis.json', import.meta.url), 'utf8')

const SCHEDULE = { cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3338477 } }
const SHANGHAI = { chainId: 1, londonBlock: 0, shanghaiTime: 0 }
const CANCUN = { ...SHANGHAI, cancunTime: 0, blobSchedule: SCHEDULE }
const ADDRESS = '0x1000000000000000000000000000000000000001'
const parse = (json: unknown) => parseGenesis(JSON.stringify(json))
const withAccount = (account: unknown) => ({ config: { chainId: 1 }, alloc: { [ADDRESS]: account } })

describe('a genesis.json', () => {
  for (const { name, genesis, hash, stateRoot } of cases) {
    test(`a genesis.json has the hash that go-ethereum computes: ${name}`, () => {
      const text = JSON.stringify(genesis).replace('18446744073709552000', '18446744073709551615')
      const parsed = parseGenesis(text)
      expect(bytesTo0x(parsed.header.stateRoot)).toBe(stateRoot)
      expect(bytesTo0x(parsed.hash)).toBe(hash)
      expect(parsed.body.matches(parsed.header)).toBe(true)
      expect(genesisFromJson(JSON.parse(JSON.stringify(parsed.json)))).toEqual(parsed)
    })
  }

  test('a genesis.json needs only a config', () => {
    const { header } = parse({ config: { chainId: '0x10' } })
    expect(header).toMatchObject({ number: 0, timestamp: 0, difficulty: 0n, gasLimit: 4_712_388n, gasUsed: 0n })
    expect(header).toMatchObject({ stateRoot: EMPTY_ROOT, receiptsRoot: EMPTY_ROOT, transactionsRoot: EMPTY_ROOT })
    expect(header.baseFeePerGas).toBeUndefined()
    expect(parse({ config: { chainId: 1, ethash: {} } }).header.difficulty).toBe(131_072n)
    expect(parse({ config: SHANGHAI }).header.baseFeePerGas).toBe(1_000_000_000n)
  })

  test('a genesis.json may write numbers as JSON numbers, decimal strings or hex', () => {
    for (const timestamp of [4096, '4096', '0x1000']) {
      expect(parse({ config: { chainId: 1 }, timestamp }).header.timestamp).toBe(4096)
    }
  })

  test('parsing a genesis.json keeps every digit of a large JSON number', () => {
    const total = (text: string) =>
      parseGenesis(`{"config":{"chainId":1,"terminalTotalDifficulty":${text}}}`).config.terminalTotalDifficulty
    for (const text of ['58750000000000000000000', '5.875e22', '5.875E+22', '"58750000000000000000000"']) {
      expect(total(text)).toBe(58_750_000_000_000_000_000_000n)
    }
    expect(total('12345678901234567890123')).toBe(12_345_678_901_234_567_890_123n)
    const account = `{"config":{"chainId":1},"alloc":{"${ADDRESS}":{"balance":%}}}`
    const root = (balance: string) => parseGenesis(account.replace('%', balance)).header.stateRoot
    expect(root('123456789012345678901')).toEqual(root('"123456789012345678901"'))
  })

  test('parsing a genesis.json does not change digits in strings', () => {
    const odd = parseGenesis('{"config":{"chainId":1,"note":"a \\": 12345678901234567890, b"}}')
    expect(odd.config.json.note).toBe('a ": 12345678901234567890, b')
  })

  test('a stored genesis keeps its large numbers exact', () => {
    const text = '{"config":{"chainId":1,"terminalTotalDifficulty":58750000000000000000000}}'
    const again = genesisFromJson(JSON.parse(JSON.stringify(parseGenesis(text).json)))
    expect(again.config.terminalTotalDifficulty).toBe(58_750_000_000_000_000_000_000n)
  })

  test('a genesis.json may have megabytes of code', () => {
    expect(() => parse(withAccount({ code: `0x${'60'.repeat(4_000_000)}` }))).not.toThrow()
  })
})

describe('a genesis.json that does not work', () => {
  const config = { chainId: 1 }
  const bad: [string, unknown][] = [
    ['config', {}],
    ['config', { config: [] }],
    ['genesis', []],
    ['genesis', null],
    ['config.chainId', { config: {} }],
    ['config.chainId', { config: { chainId: -1 } }],
    ['config.chainId', { config: { chainId: 1.5 } }],
    ['config.chainId', { config: { chainId: 'one' } }],
    ['config.londonBlock', { config: { ...config, londonBlock: 2 ** 53 } }],
    ['config.londonBlock', { config: { ...config, berlinBlock: 5, londonBlock: 4 } }],
    ['config.londonBlock', { config: { ...config, shanghaiTime: 5 } }],
    ['config.shanghaiTime', { config: { ...config, londonBlock: 0, cancunTime: 0, blobSchedule: SCHEDULE } }],
    ['config.cancunTime', { config: { ...SHANGHAI, pragueTime: 0 } }],
    ['config.pragueTime', { config: { ...CANCUN, amsterdamTime: 0 } }],
    ['config.cancunTime', { config: { ...CANCUN, shanghaiTime: 5, cancunTime: 4 } }],
    ['config.blobSchedule', { config: { ...SHANGHAI, cancunTime: 0 } }],
    ['config.blobSchedule', { config: { ...CANCUN, pragueTime: 0 } }],
    ['config.blobSchedule', { config: { ...CANCUN, bpo1Time: 0 } }],
    ['config.blobSchedule', { config: { ...CANCUN, blobSchedule: 5 } }],
    ['config.blobSchedule.cancun', { config: { ...CANCUN, blobSchedule: { cancun: 5 } } }],
    ['config.blobSchedule.cancun.max', { config: { ...CANCUN, blobSchedule: { cancun: { target: 1, max: 0 } } } }],
    [
      'config.blobSchedule.cancun.target',
      { config: { ...CANCUN, blobSchedule: { cancun: { max: 1, baseFeeUpdateFraction: 1 } } } },
    ],
    [
      'config.blobSchedule.cancun.target',
      { config: { ...CANCUN, blobSchedule: { cancun: { target: 2, max: 1, baseFeeUpdateFraction: 1 } } } },
    ],
    [
      'config.blobSchedule.cancun.baseFeeUpdateFraction',
      { config: { ...CANCUN, blobSchedule: { cancun: { target: 1, max: 1, baseFeeUpdateFraction: 0 } } } },
    ],
    ['config.daoForkSupport', { config: { ...config, daoForkSupport: 'yes' } }],
    ['config.clique', { config: { ...config, clique: 5 } }],
    ['config.clique.period', { config: { ...config, clique: { period: 'x' } } }],
    ['config.enableUBTAtGenesis', { config: { ...config, enableUBTAtGenesis: true } }],
    ['genesis.extraData', { config: { ...config, clique: {} } }],
    ['genesis.number', { config, number: 1 }],
    ['genesis.timestamp', { config, timestamp: '0x20000000000000' }],
    ['genesis.nonce', { config, nonce: '0x10000000000000000' }],
    ['genesis.gasLimit', { config, gasLimit: '0x10000000000000000' }],
    ['genesis.gasUsed', { config, gasUsed: '18446744073709551616' }],
    ['genesis.difficulty', { config, difficulty: `0x1${'0'.repeat(64)}` }],
    ['genesis.difficulty', { config, difficulty: 1e300 }],
    ['genesis.baseFeePerGas', { config: SHANGHAI, baseFeePerGas: `0x1${'0'.repeat(64)}` }],
    ['genesis.blobGasUsed', { config: CANCUN, blobGasUsed: '0x10000000000000000' }],
    ['genesis.excessBlobGas', { config: CANCUN, excessBlobGas: '0x10000000000000000' }],
    ['genesis.mixHash', { config, mixHash: '0x11' }],
    ['genesis.mixHash', { config, mixHash: 5 }],
    ['genesis.coinbase', { config, coinbase: `0x${'11'.repeat(21)}` }],
    ['genesis.parentHash', { config, parentHash: '0xzz' }],
    ['genesis.extraData', { config, extraData: '0x123' }],
    ['genesis.extraData', { config, extraData: `0x${'00'.repeat(103_000)}` }],
    ['genesis.alloc', { config, alloc: 'all' }],
    [`genesis.alloc.${ADDRESS}`, withAccount(null)],
    [`genesis.alloc.${ADDRESS}`, withAccount('rich')],
    ['genesis.alloc.0x12', { config, alloc: { '0x12': {} } }],
    [`genesis.alloc.${ADDRESS.slice(2)}`, { config, alloc: { [ADDRESS]: {}, [ADDRESS.slice(2)]: {} } }],
    [`genesis.alloc.${ADDRESS}.balance`, withAccount({ balance: `0x1${'0'.repeat(64)}` })],
    [`genesis.alloc.${ADDRESS}.balance`, withAccount({ balance: true })],
    [`genesis.alloc.${ADDRESS}.nonce`, withAccount({ nonce: '0x10000000000000000' })],
    [`genesis.alloc.${ADDRESS}.code`, withAccount({ code: '0x6' })],
    [`genesis.alloc.${ADDRESS}.storage`, withAccount({ storage: [] })],
    [`genesis.alloc.${ADDRESS}.storage.0xzz`, withAccount({ storage: { '0xzz': '0x1' } })],
    [`genesis.alloc.${ADDRESS}.storage.0x01`, withAccount({ storage: { '0x01': `0x1${'0'.repeat(64)}` } })],
    [`genesis.alloc.${ADDRESS}.storage.0x01`, withAccount({ storage: { '0x01': 1 } })],
    [`genesis.alloc.${ADDRESS}.storage.0x01`, withAccount({ storage: { '0x1': '0x1', '0x01': '0x1' } })],
  ]
  for (const [field, json] of bad) {
    test(`an invalid genesis.json is rejected with its field: ${field} in ${JSON.stringify(json).slice(0, 90)}`, () => {
      expect(() => parse(json)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', field }))
    })
  }

  test('a genesis that is not JSON is rejected', () => {
    for (const text of ['', '{', 'genesis', '[1,2', '{"a":012}']) {
      expect(() => parseGenesis(text)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', field: 'genesis' }))
    }
  })

  test('the error of an invalid genesis.json has a message of reasonable length', () => {
    let message = ''
    try {
      parse({ config, nonce: 'x'.repeat(1_000_000) })
    } catch (error) {
      message = (error as Error).message
    }
    expect(message.length).toBeGreaterThan(10)
    expect(message.length).toBeLessThan(300)
  })

  test('a genesis.json changed anywhere is a ConfigError with a field, and nothing else', () => {
    const texts = [demo, ...cases.map(({ genesis }) => JSON.stringify(genesis))]
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.nat(), mutation, (text, at, value) => {
        const json = JSON.parse(text) as Json
        const places = placesOf(json)
        const [object, key] = places[at % places.length]!
        object[key] = value
        parsesOrNamesAField(JSON.stringify(json))
      }),
      { numRuns: 400 },
    )
  })

  test('any JSON value is a genesis or a ConfigError with a field', () => {
    fc.assert(fc.property(fc.json(), (text) => parsesOrNamesAField(text)))
  })
})

const mutation = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    0.5,
    1e21,
    1e300,
    '',
    '0x',
    '0X1',
    '-1',
    '1e3',
    [],
    {},
    `0x${'f'.repeat(64)}`,
  ),
  fc.constantFrom<unknown>(`0x${'f'.repeat(65)}`, `0x1${'0'.repeat(16)}`, '18446744073709551616', 2 ** 53, [null]),
  fc.jsonValue(),
)

/** @returns every field of every object in a JSON value. */
function placesOf(json: Json): [Json, string][] {
  return Object.entries(json).flatMap(([key, value]): [Json, string][] => {
    const inside = typeof value === 'object' && value !== null ? placesOf(value as Json) : []
    return [[json, key], ...inside]
  })
}

function parsesOrNamesAField(text: string): void {
  try {
    parseGenesis(text)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    expect((error as ConfigError).field).toMatch(/^(config|genesis)/)
  }
}
