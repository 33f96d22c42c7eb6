import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytesTo0x } from '../../../base/bytes.ts'
import { ConfigError } from '../../../base/errors.ts'
import { EMPTY_ROOT } from '../../types/index.ts'
import { genesisFromJson, parseGenesis } from './genesis.ts'
import type { GenesisWarning } from './json-reader.ts'

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
const parse = (json: unknown) => parseGenesis(typeof json === 'string' ? json : JSON.stringify(json))
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

/** The files of this block are compared with go-ethereum itself in test/interop/genesis.test.ts. */
describe("a genesis.json is read by the rules of go-ethereum's reader", () => {
  const NEVER = 18_446_744_073_709_551_615n
  const MINIMAL = '"config":{"chainId":1},"gasLimit":"0x1","difficulty":"1"'
  const hashOf = (fields: string) => bytesTo0x(parseGenesis(`{${fields}}`).hash)
  const warningsOf = (text: string) => {
    const warnings: GenesisWarning[] = []
    parseGenesis(text, { onWarning: (warning) => warnings.push(warning) })
    return warnings
  }

  test('field names of a genesis.json match in any case', () => {
    const { config, header } =
      parseGenesis(`{"Config":{"chainID":7,"LondonBlock":0,"shanghaitime":0,"CLIQUE":{"Period":5}},
      "extradata":"0x${'ab'.repeat(97)}","gaslimit":"0x5","MIXHASH":"0x${'11'.repeat(32)}","Nonce":1}`)
    expect(config).toMatchObject({ chainId: 7n, londonBlock: 0, shanghaiTime: 0, cliquePeriod: 5 })
    expect(header).toMatchObject({ gasLimit: 5n, mixHash: new Uint8Array(32).fill(0x11), withdrawalsRoot: EMPTY_ROOT })
    expect(header.extraData).toHaveLength(97)
    const root = (name: string) =>
      parse({ config: { chainId: 1 }, alloc: { [ADDRESS]: { [name]: '5' } } }).header.stateRoot
    expect(root('BALANCE')).toEqual(root('balance'))
  })

  test('a later duplicate of a field counts, null removes it, and objects of one name are merged', () => {
    expect(parseGenesis(`{${MINIMAL},"gaslimit":"2","timestamp":5,"TIMESTAMP":null}`).header).toMatchObject({
      gasLimit: 2n,
      timestamp: 0,
    })
    const account = (digit: string, balance: number) => `"alloc":{"${digit.repeat(40)}":{"balance":${balance}}}`
    const both = `"alloc":{"${'1'.repeat(40)}":{"balance":1},"0x${'2'.repeat(40)}":{"balance":2}}`
    expect(hashOf(`${MINIMAL},${account('1', 1)},${account('2', 2)}`)).toBe(hashOf(`${MINIMAL},${both}`))
    expect(hashOf(`${MINIMAL},${account('1', 9)},"alloc":null,${account('2', 2)}`)).toBe(
      hashOf(`${MINIMAL},${account('2', 2)}`),
    )
    const twice = `"alloc":{"${'A'.repeat(40)}":{"balance":1},"0x${'a'.repeat(40)}":{"balance":2}}`
    expect(hashOf(`${MINIMAL},${twice}`)).toBe(hashOf(`${MINIMAL},${account('a', 2)}`))
    const merged = parseGenesis('{"config":{"chainId":1,"blobSchedule":{}},"Config":{"londonBlock":3}}')
    expect(merged.config).toMatchObject({ chainId: 1n, londonBlock: 3 })
    expect(genesisFromJson(JSON.parse(JSON.stringify(merged.json)))).toEqual(merged)
  })

  test('an empty string is 0 and 0X is hex in a genesis.json', () => {
    expect(parse({ config: { chainId: 1 }, nonce: '', difficulty: '', gasLimit: '0X400' }).header).toMatchObject({
      nonce: new Uint8Array(8),
      difficulty: 0n,
      gasLimit: 1024n,
    })
    expect(parse({ config: { chainId: 1 }, difficulty: '0x+5', extraData: '0XaB' }).header.difficulty).toBe(5n)
  })

  test('the hashes of files with fields of forks that are not active are those of geth', () => {
    // chainmaker --genesis-hash, go-ethereum v1.17.8
    expect(hashOf(`${MINIMAL},"alloc":{}`)).toBe('0xe7975fcaa25e5afe902b7676a19bf95a6b7856d2aa0df03aebc78abf7c626023')
    expect(hashOf(`${MINIMAL},"baseFeePerGas":"0x5","alloc":{}`)).toBe(
      '0x8d995867e6cf749dbc6d636c2e52bcbf94abe21dc84a155fce3ad74b0134e535',
    )
    expect(hashOf(`${MINIMAL},"gasUsed":5,"timestamp":18446744073709551615,"blobGasUsed":7`)).toBe(
      '0x4d88960ed05e2fa16b8559ae2d5021fc5eb338cdad8d18c95cfc3c71131f854d',
    )
    const shanghai = '"config":{"chainId":1,"londonBlock":0,"shanghaiTime":0},"gasLimit":"0x1","difficulty":"1"'
    expect(hashOf(`${shanghai},"excessBlobGas":"1","blobGasUsed":"7"`)).toBe(
      '0xead27f341b775baa2c3861dd258b8cd382ffd4d34ac80f9fbca139213402286e',
    )
  })

  test('numbers of 64 bits in a genesis.json keep every digit, and survive the data folder', () => {
    const text = `{"config":{"chainId":123456789012345678901234567890,"londonBlock":0,"shanghaiTime":1700000000123456790,
      "cancunTime":18446744073709551615,"blobSchedule":{"cancun":{"max":0,"baseFeeUpdateFraction":1}}},
      "timestamp":1700000000123456789}`
    const genesis = parseGenesis(text)
    expect(genesis.header.exactTimestamp).toBe(1_700_000_000_123_456_789n)
    expect(genesis.header.timestamp).toBe(Number(1_700_000_000_123_456_789n))
    expect(genesis.header.withdrawalsRoot).toBeUndefined()
    expect(genesis.config).toMatchObject({
      chainId: 123_456_789_012_345_678_901_234_567_890n,
      shanghaiTime: 1_700_000_000_123_456_790n,
      cancunTime: NEVER,
      blobSchedule: { cancun: { target: 0, max: 0, baseFeeUpdateFraction: 1n } },
    })
    const again = genesisFromJson(JSON.parse(JSON.stringify(genesis.json)))
    expect(again).toEqual(genesis)
    expect(again.header.exactTimestamp).toBe(1_700_000_000_123_456_789n)
  })

  test('an unknown field of a genesis.json is heard of with its path and the nearest name', () => {
    const text = JSON.stringify({
      config: { chainId: 1, londonBlok: 0, eip150Hash: '0x', ethash: { any: 1 }, clique: null },
      extradat: '0x12',
      alloc: { [ADDRESS]: { balance: 1, note: 'mine' } },
    })
    expect(warningsOf(text)).toEqual([
      { problem: 'Unknown field', field: 'config.londonBlok', hint: 'did you mean londonBlock?' },
      { problem: 'Unknown field', field: `genesis.alloc.${ADDRESS}.note`, hint: 'did you mean nonce?' },
      { problem: 'Unknown field', field: 'genesis.extradat', hint: 'did you mean extraData?' },
    ])
    expect(warningsOf(demo)).toEqual([])
  })

  test('duplicates, text after the genesis and fields before their fork are heard of', () => {
    const twice = `{${MINIMAL},"gaslimit":"2","alloc":{"${'A'.repeat(40)}":{},"${'a'.repeat(40)}":{}}} }`
    expect(warningsOf(twice).map(({ problem, field }) => `${problem}: ${field}`)).toEqual([
      'Unexpected text: genesis',
      `Duplicate field: genesis.alloc.${'a'.repeat(40)}`,
      'Duplicate field: genesis.gasLimit',
    ])
    expect(warningsOf(JSON.stringify({ config: SHANGHAI, excessBlobGas: 1 }))).toMatchObject([
      { problem: 'Early field' },
    ])
  })

  test('no more than 100 warnings are given about one genesis.json', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`x${i}`, 1]))
    expect(warningsOf(JSON.stringify({ config: { chainId: 1 }, ...many }))).toHaveLength(100)
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
    ['config.shanghaiTime', '{"config":{"chainId":1,"londonBlock":0,"shanghaiTime":18446744073709551616}}'],
    ['config.londonBlock', { config: { ...config, berlinBlock: 5, londonBlock: 4 } }],
    ['config.londonBlock', { config: { ...config, shanghaiTime: 5 } }],
    ['config.shanghaiTime', { config: { ...config, londonBlock: 0, cancunTime: 0, blobSchedule: SCHEDULE } }],
    ['config.cancunTime', { config: { ...SHANGHAI, pragueTime: 0, blobSchedule: { prague: SCHEDULE.cancun } } }],
    ['config.pragueTime', { config: { ...CANCUN, amsterdamTime: 0 } }],
    ['config.cancunTime', { config: { ...CANCUN, shanghaiTime: 5, cancunTime: 4 } }],
    ['config.blobSchedule', { config: { ...SHANGHAI, cancunTime: 0 } }],
    ['config.blobSchedule', { config: { ...CANCUN, pragueTime: 0 } }],
    ['config.blobSchedule', { config: { ...CANCUN, bpo1Time: 0 } }],
    ['config.blobSchedule', { config: { ...CANCUN, blobSchedule: 5 } }],
    ['config.blobSchedule.cancun', { config: { ...CANCUN, blobSchedule: { cancun: 5 } } }],
    [
      'config.blobSchedule.cancun.max',
      { config: { ...CANCUN, blobSchedule: { cancun: { max: -1, baseFeeUpdateFraction: 1 } } } },
    ],
    [
      'config.blobSchedule.bpo5.max',
      { config: { ...config, blobSchedule: { bpo5: { max: 1.5, baseFeeUpdateFraction: 1 } } } },
    ],
    [
      'config.blobSchedule.cancun.baseFeeUpdateFraction',
      { config: { ...CANCUN, blobSchedule: { cancun: { max: 1 } } } },
    ],
    [
      'config.blobSchedule.cancun.target',
      { config: { ...CANCUN, blobSchedule: { cancun: { target: 'x', max: 1, baseFeeUpdateFraction: 1 } } } },
    ],
    [
      'config.blobSchedule.cancun.target',
      { config: { ...CANCUN, blobSchedule: { cancun: { target: -2, max: 1, baseFeeUpdateFraction: 1 } } } },
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
    ['genesis.timestamp', { config, timestamp: '0x10000000000000000' }],
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
    [`genesis.alloc.${ADDRESS}.balance`, withAccount({ balance: `0x1${'0'.repeat(64)}` })],
    [`genesis.alloc.${ADDRESS}.balance`, withAccount({ balance: true })],
    [`genesis.alloc.${ADDRESS}.nonce`, withAccount({ nonce: '0x10000000000000000' })],
    [`genesis.alloc.${ADDRESS}.code`, withAccount({ code: '0x6' })],
    [`genesis.alloc.${ADDRESS}.storage`, withAccount({ storage: [] })],
    [`genesis.alloc.${ADDRESS}.storage.0xzz`, withAccount({ storage: { '0xzz': '0x1' } })],
    [`genesis.alloc.${ADDRESS}.storage.0x01`, withAccount({ storage: { '0x01': `0x1${'0'.repeat(64)}` } })],
    [`genesis.alloc.${ADDRESS}.storage.0x01`, withAccount({ storage: { '0x01': 1 } })],
    ['genesis.nonce', { config, nonce: '0x' }],
    ['genesis.nonce', { config, nonce: '+5' }],
    ['genesis.nonce', { config, nonce: '1_000' }],
    ['genesis.nonce', { config, nonce: ' 1' }],
    ['genesis.nonce', '{"config":{"chainId":1},"nonce":"x","nonce":"0x1"}'],
    ['genesis.difficulty', { config, difficulty: '-5' }],
    ['genesis.baseFeePerGas', { config, baseFeePerGas: '0x' }],
    ['genesis.excessBlobGas', { config, excessBlobGas: '0x1' }],
    ['genesis.number', { config, number: '18446744073709551615' }],
    ['config.chainId', { config: { chainId: '' } }],
    ['config.chainId', '{"config":{"chainId":1,"CHAINID":null}}'],
    ['config.ethash', { config: { ...config, ethash: 5 } }],
    ['config.depositContractAddress', { config: { ...config, depositContractAddress: '0x12' } }],
    ['config.clique.epoch', { config: { ...config, clique: { epoch: -1 } } }],
    ['genesis', '[[[]]]'],
  ]
  for (const [field, json] of bad) {
    test(`an invalid genesis.json is rejected with its field: ${field} in ${JSON.stringify(json).slice(0, 90)}`, () => {
      expect(() => parse(json)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', field }))
    })
  }

  test('a genesis that is not JSON is rejected', () => {
    for (const text of [
      '',
      '{',
      'genesis',
      '[1,2',
      '{"a":012}',
      '{"a":1,}',
      '\uFEFF{}',
      '['.repeat(100_000),
      `${'['.repeat(1_001)}${']'.repeat(1_001)}`,
    ]) {
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
