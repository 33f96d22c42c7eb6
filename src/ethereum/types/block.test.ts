import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import vectors from '../../../test/vectors/ethereum-blocks.json' with { type: 'json' }
import { bytesTo0x, concatBytes, hexToBytes } from '../../base/bytes.ts'
import { CodecError } from '../../base/errors.ts'
import { rlp } from '../../codec/index.ts'
import {
  Block,
  BlockBody,
  bodyCodec,
  EMPTY_OMMERS_HASH,
  EMPTY_ROOT,
  Header,
  ommersHash,
  readBlockStream,
  readBlocks,
  Transaction,
  transactionsRoot,
  type Withdrawal,
  withdrawalsRoot,
} from './index.ts'

const real = vectors.blocks.map((vector) => hexToBytes(vector.rlp))
const blocks = real.map((raw) => Block.decode(raw))
const header = Header.decode(hexToBytes(vectors.headers[0]?.rlp ?? ''))
const transactions = vectors.transactions.map((vector) => Transaction.decode(hexToBytes(vector.rlp)))

const withdrawal = (index: bigint): Withdrawal => ({
  index,
  validatorIndex: 300n + index,
  address: new Uint8Array(20).fill(4),
  amount: 2n ** 64n - 1n,
})

/** Accesses everything that a reader of a hostile body may access. */
function touch(body: BlockBody): void {
  body.matches(header)
  void [body.ommers, body.withdrawals]
  for (const transaction of body.transactions) void transaction.fields
}

function onlyCodecErrors(action: () => void): void {
  try {
    action()
  } catch (error) {
    if (!(error instanceof CodecError)) throw error
  }
}

describe('Block', () => {
  for (const [i, vector] of vectors.blocks.entries()) {
    test(`a block of ${vector.fork} has its hash and roots, and is the same when built from its parts`, () => {
      const block = blocks[i] as Block
      expect(bytesTo0x(block.hash)).toBe(vector.hash)
      expect(block.body.matches(block.header)).toBe(true)
      expect(transactionsRoot(block.body.transactions)).toEqual(block.header.transactionsRoot)
      expect(block.body.withdrawals === undefined).toBe(block.header.withdrawalsRoot === undefined)
      expect(new Block(Header.from(block.header), BlockBody.from(block.body)).raw).toEqual(real[i])
    })
  }
})

describe('BlockBody', () => {
  test('a body survives encoding with transactions of each type, ommers and withdrawals', () => {
    const withdrawals = [withdrawal(0n), withdrawal(1n)]
    const body = BlockBody.from({ transactions, ommers: [header, header], withdrawals })
    const again = bodyCodec.decode(bodyCodec.encode(body))
    expect(again.transactions.map((one) => one.raw)).toEqual(transactions.map((one) => one.raw))
    expect(again.ommers.map((one) => one.hash)).toEqual([header.hash, header.hash])
    expect(again.withdrawals).toEqual(withdrawals)
  })

  test('a body computes from its bytes the roots of its decoded contents', () => {
    const withdrawals = [withdrawal(0n), withdrawal(1n)]
    const body = BlockBody.from({ transactions, ommers: [header], withdrawals })
    expect(body.transactionsRoot()).toEqual(transactionsRoot(transactions))
    expect(body.ommersHash()).toEqual(ommersHash([header]))
    expect(body.withdrawalsRoot()).toEqual(withdrawalsRoot(withdrawals))
  })

  test('an empty body has the empty roots', () => {
    const body = BlockBody.from({ transactions: [], withdrawals: [] })
    expect(body.transactionsRoot()).toEqual(EMPTY_ROOT)
    expect(body.withdrawalsRoot()).toEqual(EMPTY_ROOT)
    expect(body.ommersHash()).toEqual(EMPTY_OMMERS_HASH)
    expect(ommersHash([])).toEqual(EMPTY_OMMERS_HASH)
  })

  test('a body without withdrawals differs from one with an empty list of them', () => {
    const before = BlockBody.from({ transactions: [] })
    const after = BlockBody.from({ transactions: [], withdrawals: [] })
    const of = (withdrawalsRoot: Uint8Array | undefined) =>
      Header.from({ ...header, ommersHash: EMPTY_OMMERS_HASH, transactionsRoot: EMPTY_ROOT, withdrawalsRoot })
    expect([before.matches(of(undefined)), before.matches(of(EMPTY_ROOT))]).toEqual([true, false])
    expect([after.matches(of(undefined)), after.matches(of(EMPTY_ROOT))]).toEqual([false, true])
  })

  test('a body does not match a header if any of its lists differs', () => {
    const block = blocks.at(-1) as Block
    const parts = { transactions: block.body.transactions, withdrawals: block.body.withdrawals }
    expect(BlockBody.from(parts).matches(block.header)).toBe(true)
    expect(BlockBody.from({ ...parts, transactions: [] }).matches(block.header)).toBe(false)
    expect(BlockBody.from({ ...parts, ommers: [header] }).matches(block.header)).toBe(false)
    expect(BlockBody.from({ ...parts, withdrawals: [withdrawal(0n)] }).matches(block.header)).toBe(false)
  })

  test('decoding a body rejects a byte string for a list, too few lists and too many', () => {
    const empty = Uint8Array.of(0xc0)
    for (const lists of [[empty], [Uint8Array.of(0x80), empty], [empty, empty, empty, empty]]) {
      expect(() => BlockBody.decode(rlp.encodeListOfRaw(lists))).toThrow(CodecError)
    }
  })

  test('decoding a body bounds the number of tiny items in a list', () => {
    const list = rlp.encodeListOfRaw([new Uint8Array(200_000).fill(0xc0)])
    const body = BlockBody.decode(rlp.encodeListOfRaw([list, Uint8Array.of(0xc0)]))
    expect(() => body.transactionsRoot()).toThrow(CodecError)
    expect(() => body.transactions).toThrow(CodecError)
  })

  test('random and mangled bodies throw nothing but CodecError, at decoding or at access', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => onlyCodecErrors(() => touch(BlockBody.decode(bytes)))),
    )
    const forms = [...blocks.map((block) => block.body.raw), BlockBody.from({ transactions, ommers: [header] }).raw]
    fc.assert(
      fc.property(
        fc.constantFrom(...forms),
        fc.nat(),
        fc.uint8Array({ minLength: 1, maxLength: 3 }),
        (form, at, patch) => {
          const bytes = form.slice()
          bytes.set(patch, at % (bytes.length - patch.length))
          onlyCodecErrors(() => touch(BlockBody.decode(bytes)))
        },
      ),
      { numRuns: 1_000 },
    )
  })
})

describe('files of blocks', () => {
  const file = concatBytes(...real)
  const hashes = vectors.blocks.map((vector) => vector.hash)

  test('blocks of a file are read one after another', () => {
    expect([...readBlocks(file)].map((block) => bytesTo0x(block.hash))).toEqual(hashes)
  })

  test('blocks of a file are read from chunks cut anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(file.length), { maxLength: 12 }), async (cuts) => {
        const ends = [...cuts.sort((a, b) => a - b), file.length]
        const chunks = ends.map((end, i) => file.subarray(ends[i - 1] ?? 0, end))
        const found: string[] = []
        for await (const block of readBlockStream(chunks)) found.push(bytesTo0x(block.hash))
        expect(found).toEqual(hashes)
      }),
    )
  })

  test('blocks of a file are read byte by byte', async () => {
    const bytes = Array.from({ length: file.length }, (_, i) => file.subarray(i, i + 1))
    let count = 0
    for await (const _ of readBlockStream(bytes)) count++
    expect(count).toBe(hashes.length)
  })

  test('a file of blocks that is cut off, or has an item over the limit, is a CodecError', async () => {
    const drain = async (chunks: Uint8Array[], maxItemBytes?: number) => {
      for await (const _ of readBlockStream(chunks, maxItemBytes === undefined ? {} : { maxItemBytes }));
    }
    await expect(drain([file.subarray(0, file.length - 1)])).rejects.toThrow(CodecError)
    await expect(drain([file.subarray(0, 2)])).rejects.toThrow(CodecError)
    await expect(drain([file], 100)).rejects.toThrow(CodecError)
    await expect(drain([Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)])).rejects.toThrow(
      CodecError,
    )
    expect(() => [...readBlocks(file.subarray(0, file.length - 1))]).toThrow(CodecError)
  })

  test('a block of five elements has its access list apart from the wire form, and a block of four has none', () => {
    const last = blocks.at(-1)!
    const accessList = Uint8Array.of(0xc2, 0x01, 0x02)
    const five = rlp.encodeListOfRaw([last.header.raw, ...last.body.lists, accessList])
    const [block] = [...readBlocks(five)]
    expect(block?.accessList).toEqual(accessList)
    expect(block?.raw).toEqual(last.raw)
    expect(block?.exported).toEqual(five)
    expect(new Block(last.header, last.body, undefined, accessList).exported).toEqual(five)
    expect([...readBlocks(last.raw)].map((each) => [each.accessList, each.exported])).toEqual([[undefined, last.raw]])
  })

  test('a sixth element, an access list that is no list, and five elements in a message are CodecErrors', () => {
    const { header, body } = blocks.at(-1)!
    const withMore = (...more: Uint8Array[]) => rlp.encodeListOfRaw([header.raw, ...body.lists, ...more])
    const list = Uint8Array.of(0xc0)
    expect(() => Block.decodeExported(withMore(list, list))).toThrow(CodecError)
    expect(() => Block.decodeExported(withMore(Uint8Array.of(0x80)))).toThrow(CodecError)
    expect(() => Block.decodeExported(concatBytes(withMore(list), list))).toThrow(CodecError)
    expect(() => Block.decode(withMore(list))).toThrow(CodecError)
    expect(() => BlockBody.decode(rlp.encodeListOfRaw([...body.lists, list]))).toThrow(CodecError)
  })
})
