import { describe, expect, test } from 'vitest'
import { demoBlocks, demoChain, demoRange, demoReceipts, sideBlocks } from '../../../test/support/demo-chain.ts'
import { deferred, joinScript, nodeOf, statusOf } from '../../../test/support/eth-pair.ts'
import { type Codec, rlp } from '../../codec/index.ts'
import type { RawMessage } from '../../peer/index.ts'
import { type Block, BlockBody, Header, receiptCodec } from '../types/index.ts'
import { BlockReceipts } from './block-receipts.ts'
import type { ChainSource } from './chain-source.ts'
import { type GetBlockHeaders, lazyHeader, UNAVAILABLE } from './codecs.ts'
import { ETH_VERSIONS, type EthBodies, type EthVersion, ethMessages } from './messages.ts'
import { accessListsOf, bodiesOf, headersOf, Responder, receiptsOf, SERVE_LIMITS } from './serve.ts'

const chain = await demoChain()
const block = (number: number): Block => demoBlocks[number - 1] as Block
const hashes = (...numbers: number[]): Uint8Array[] => numbers.map((number) => block(number).hash)
const receiptsAt = (number: number): Uint8Array => demoReceipts[number - 1] as Uint8Array
const MAX_U64 = 2n ** 64n - 1n

function numbersOf(query: Partial<GetBlockHeaders>, limits = {}): number[] {
  const full = { id: 1n, start: 1n, limit: 1n, skip: 0n, reverse: false, ...query }
  return headersOf(chain, full, { ...SERVE_LIMITS, ...limits }).map((raw) => Header.decode(raw).number)
}

describe('headers', () => {
  test('headers are served forwards and backwards, by number and by hash, with gaps', () => {
    const start = block(100).hash
    for (const from of [100n, start]) {
      expect(numbersOf({ start: from, limit: 3n })).toEqual([100, 101, 102])
      expect(numbersOf({ start: from, limit: 3n, reverse: true })).toEqual([100, 99, 98])
      expect(numbersOf({ start: from, limit: 3n, skip: 9n })).toEqual([100, 110, 120])
      expect(numbersOf({ start: from, limit: 3n, skip: 9n, reverse: true })).toEqual([100, 90, 80])
    }
  })

  test('headers are served up to the ends of the chain', () => {
    expect(numbersOf({ start: 318n, limit: 10n })).toEqual([318, 319, 320])
    expect(numbersOf({ start: 310n, limit: 10n, skip: 6n })).toEqual([310, 317])
    expect(numbersOf({ start: 3n, limit: 10n, reverse: true })).toEqual([3, 2, 1, 0])
    expect(numbersOf({ start: 5n, limit: 10n, skip: 2n, reverse: true })).toEqual([5, 2])
    expect(numbersOf({ start: 321n, limit: 10n })).toEqual([])
    expect(numbersOf({ start: new Uint8Array(32), limit: 10n })).toEqual([])
  })

  test('a request with limit 0 gets no headers', () => {
    expect(numbersOf({ limit: 0n })).toEqual([])
  })

  test('requests for headers may have numbers at the end of 64 bits', () => {
    expect(numbersOf({ start: MAX_U64, limit: MAX_U64, skip: MAX_U64 })).toEqual([])
    expect(numbersOf({ start: MAX_U64, limit: 1n, reverse: true })).toEqual([])
    for (const skip of [MAX_U64, MAX_U64 - 1n, 2n ** 53n - 1n, 2n ** 53n - 2n]) {
      for (const start of [7n, block(7).hash]) {
        expect(numbersOf({ start, limit: 10n, skip })).toEqual([7])
        expect(numbersOf({ start, limit: 10n, skip, reverse: true })).toEqual([7])
      }
    }
    expect(numbersOf({ start: 1n, limit: MAX_U64 })).toHaveLength(320)
  })

  test('responses with headers stop at 1024 items, at 2048 look-ups and at 2 MiB', () => {
    expect(numbersOf({ start: 1n, limit: MAX_U64 }, { items: 7 })).toHaveLength(7)
    expect(numbersOf({ start: 1n, limit: MAX_U64 }, { lookups: 9 })).toHaveLength(9)
    expect(numbersOf({ start: 1n, limit: MAX_U64 }, { softBytes: block(1).header.raw.length + 1 })).toEqual([1, 2])
    expect(SERVE_LIMITS).toMatchObject({ items: 1024, lookups: 2048, softBytes: 2 ** 21 })
  })

  test('headers of a side chain lead back to the canonical one, and nowhere forwards', async () => {
    const side = await demoChain(50)
    const blocks = sideBlocks(block(50).header, 3)
    await side.extend(blocks)
    await side.extend(demoRange(51, 320))
    const headers = blocks.map(({ header }) => header)
    const start = headers[2]?.hash as Uint8Array
    const ask = (query: Partial<GetBlockHeaders>, limits = {}): Header[] =>
      headersOf(
        side,
        { id: 1n, start, limit: 6n, skip: 0n, reverse: true, ...query },
        { ...SERVE_LIMITS, ...limits },
      ).map((raw) => Header.decode(raw))
    expect(ask({}).map(({ number }) => number)).toEqual([53, 52, 51, 50, 49, 48])
    expect(ask({})[2]?.hash).toEqual(headers[0]?.hash)
    expect(ask({})[3]?.hash).toEqual(block(50).hash)
    expect(ask({ skip: 1n }).map(({ number }) => number)).toEqual([53, 51, 49, 47, 45, 43])
    expect(ask({ skip: 4n }).map(({ number }) => number)).toEqual([53, 48, 43, 38, 33, 28])
    expect(ask({ skip: MAX_U64 })).toHaveLength(1)
    expect(ask({ reverse: false })).toHaveLength(1)
    expect(ask({}, { lookups: 2 })).toHaveLength(2)
  })
})

describe('bodies', () => {
  test('bodies are served as they are stored, up to the first missing one', () => {
    const wanted = [...hashes(3, 99, 320), new Uint8Array(32), ...hashes(4)]
    const bodies = bodiesOf(chain, { id: 1n, hashes: wanted }, SERVE_LIMITS)
    expect(bodies).toEqual([3, 99, 320].map((number) => block(number).body.raw))
  })

  test('responses with bodies stop at the limits', () => {
    const wanted = { id: 1n, hashes: demoBlocks.map(({ hash }) => hash) }
    expect(bodiesOf(chain, wanted, { ...SERVE_LIMITS, items: 5 })).toHaveLength(5)
    expect(bodiesOf(chain, wanted, { ...SERVE_LIMITS, softBytes: 1 })).toHaveLength(1)
    expect(bodiesOf(chain, wanted, { ...SERVE_LIMITS, maxBytes: 2 })).toHaveLength(0)
  })
})

describe('block access lists', () => {
  test('block access lists are served in the order of the hashes, missing ones as empty strings', () => {
    const wanted = [...hashes(250, 3), new Uint8Array(32), ...hashes(300)]
    const lists = accessListsOf(chain, { id: 1n, hashes: wanted }, SERVE_LIMITS)
    expect(lists.map((raw) => raw !== UNAVAILABLE)).toEqual([true, false, false, true])
    expect(accessListsOf(chain, { id: 1n, hashes: wanted }, { ...SERVE_LIMITS, softBytes: 1 })).toHaveLength(1)
  })
})

describe('receipts', () => {
  const whole = (number: number): number => [...new rlp.RlpReader(receiptsAt(number)).rawItem()].length
  const ask = (numbers: number[], first: bigint, version: 68 | 69 | 70 | 71, limits = {}) =>
    receiptsOf(chain, { id: 1n, hashes: hashes(...numbers), firstBlockReceiptIndex: first }, version, {
      ...SERVE_LIMITS,
      ...limits,
    })
  /** A block with several receipts. */
  const many = demoReceipts.findIndex((raw) => BlockReceipts.fromRaw(raw).receipts.length >= 4) + 1
  const count = BlockReceipts.fromRaw(receiptsAt(many)).receipts.length

  test('receipts are served as they are stored since eth/69', () => {
    for (const version of [69, 70, 71] as const) {
      const answer = ask([many, 2], 0n, version)
      expect(answer.blocks).toEqual([receiptsAt(many), receiptsAt(2)])
      expect(answer.lastBlockIncomplete).toBe(false)
    }
  })

  test('receipts are served up to the first block without', () => {
    const wanted = [...hashes(2), new Uint8Array(32), ...hashes(3)]
    const query = { id: 1n, hashes: wanted, firstBlockReceiptIndex: 0n }
    expect(receiptsOf(chain, query, 70, SERVE_LIMITS).blocks).toHaveLength(1)
  })

  test('receipts start at the requested index since eth/70, in the first block only', () => {
    const { blocks, lastBlockIncomplete } = ask([many, 2], 2n, 70)
    expect(BlockReceipts.fromRaw(blocks[0]!).receipts).toHaveLength(count - 2)
    expect(blocks[1]).toEqual(receiptsAt(2))
    expect(lastBlockIncomplete).toBe(false)
  })

  test('receipts from the end of a block on are an empty list', () => {
    for (const index of [BigInt(count), BigInt(count) + 1n, MAX_U64]) {
      expect(ask([many], index, 70).blocks).toEqual([Uint8Array.of(0xc0)])
    }
  })

  test('receipts are cut where the message is full since eth/70, and complete after several requests', () => {
    const collected: Uint8Array[] = []
    const largest = Math.max(...BlockReceipts.fromRaw(receiptsAt(many)).receipts.map((r) => receiptCodec.size(r)))
    let incomplete = true
    for (let rounds = 0; incomplete && rounds < 50; rounds++) {
      const answer = ask([many], BigInt(collected.length), 70, { maxBytes: largest + 3 })
      incomplete = answer.lastBlockIncomplete
      expect(answer.blocks).toHaveLength(1)
      const reader = new rlp.RlpReader(answer.blocks[0]!).enterList()
      while (!reader.done) collected.push(reader.rawItem())
      expect(answer.blocks[0]?.length).toBeLessThanOrEqual(largest + 3)
    }
    expect(collected.length).toBe(count)
    expect(rlp.encodeListOfRaw(collected)).toEqual(receiptsAt(many))
  })

  test('receipts are omitted if not one of them fits', () => {
    expect(ask([many], 0n, 70, { maxBytes: 3 })).toEqual({ blocks: [], lastBlockIncomplete: false })
    expect(ask([2, many], 0n, 70, { maxBytes: whole(2) + 2 })).toMatchObject({ lastBlockIncomplete: false })
    for (const version of [68, 69] as const) expect(ask([many], 0n, version, { maxBytes: 60 }).blocks).toEqual([])
  })

  test('receipts of eth/68 count with their blooms', () => {
    expect(ask([many, 2], 0n, 68, { softBytes: 2000 }).blocks.length).toBeLessThanOrEqual(2)
    expect(ask([many, 2], 0n, 68, { softBytes: whole(many) + 1 }).blocks).toHaveLength(1)
    expect(ask([many, 2], 0n, 69, { softBytes: whole(many) + 1 }).blocks).toHaveLength(2)
  })
})

describe.each(ETH_VERSIONS)('responses of eth/%i on the wire', (version) => {
  const id = 2n ** 40n + 7n
  const wanted = [...hashes(250, 3), new Uint8Array(32), ...hashes(300, 251)]
  const known = (limit: number) => wanted.slice(0, limit)
  const requests = {
    GetBlockHeaders: { id, start: 240n, limit: 30n, skip: 1n, reverse: false },
    GetBlockBodies: { id, hashes: known(2) },
    GetReceipts: { id, hashes: known(2), firstBlockReceiptIndex: 0n },
    ...(version === 71 && { GetBlockAccessLists: { id, hashes: wanted } }),
  }
  /** Each response with every item decoded, as the codec of its message takes it. */
  const decoded: Partial<EthBodies> = {
    BlockHeaders: {
      id,
      headers: Array.from({ length: 30 }, (_, i) => lazyHeader.of(Header.decode(block(240 + 2 * i).header.raw))),
    },
    BlockBodies: { id, bodies: [250, 3].map((number) => BlockBody.decode(block(number).body.raw)) },
    Receipts: {
      id,
      lastBlockIncomplete: false,
      blocks: [250, 3].map((number) => BlockReceipts.from(BlockReceipts.fromRaw(receiptsAt(number)).receipts)),
    },
    BlockAccessLists: { id, accessLists: wanted.map((hash) => chain.rawAccessList(hash)) },
  }

  test.each(Object.keys(requests) as (keyof typeof requests)[])(
    'the response to %s is, byte for byte, the encoding of its decoded items',
    async (request) => {
      const reply = request.slice('Get'.length) as keyof EthBodies
      const { key, payload } = await exchange(version, request, requests[request])
      const spec = (ethMessages(version) as Record<string, { key: number; codec: Codec<unknown> }>)[reply]!
      expect(key).toBe(spec.key)
      expect(payload).toEqual(spec.codec.encode(decoded[reply]))
    },
  )

  test('an empty response has an empty list of items', async () => {
    const { payload } = await exchange(version, 'GetBlockBodies', { id: 1n, hashes: [new Uint8Array(32)] })
    expect(payload).toEqual(Uint8Array.of(0xc2, 0x01, 0xc0))
  })
})

test('receipts that are cut are, byte for byte, the encoding of their decoded part', async () => {
  const number = demoReceipts.findIndex((raw) => BlockReceipts.fromRaw(raw).receipts.length >= 4) + 1
  const all = BlockReceipts.fromRaw(receiptsAt(number)).receipts
  const maxBytes = receiptCodec.size(all[1]!) + receiptCodec.size(all[2]!) + 3
  const query = { id: 9n, hashes: hashes(number), firstBlockReceiptIndex: 1n }
  const { payload } = await exchange(70, 'GetReceipts', query, { maxBytes })
  const blocks = [BlockReceipts.from(all.slice(1, 3))]
  expect(payload).toEqual(ethMessages(70).Receipts.codec.encode({ id: 9n, lastBlockIncomplete: true, blocks }))
})

/** Asks a node over a pipe. @returns the message that answers, undecoded. */
async function exchange(version: EthVersion, request: string, body: unknown, limits = {}): Promise<RawMessage> {
  const answered = deferred<RawMessage>()
  const { node } = joinScript(nodeOf(chain, { limits }), version, async (channel) => {
    await channel.send('Status', statusOf(chain, version))
    await channel.expect('Status')
    await channel.send(request as 'GetReceipts', body as EthBodies['GetReceipts'])
    answered.resolve((await channel.read())!)
  })
  const message = await answered.promise
  node.close()
  return message
}

test('a chain that holds damaged bytes costs the peer that asks for them no penalty', async () => {
  const damaged: ChainSource = Object.assign(Object.create(chain), { rawReceipts: () => Uint8Array.of(0xf8) })
  const responder = new Responder({ chain: damaged, channel: undefined as never, version: 68 })
  const body = { id: 1n, hashes: hashes(1), firstBlockReceiptIndex: 0n }
  await expect(responder.answer({ name: 'GetReceipts', body })).rejects.toMatchObject({
    name: 'InternalError',
    penalty: 0,
    cause: { name: 'CodecError' },
  })
})
