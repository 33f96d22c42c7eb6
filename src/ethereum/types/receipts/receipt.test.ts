import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytesToHex } from '../../../base/bytes.ts'
import { CodecError } from '../../../base/errors.ts'
import { rlp } from '../../../codec/index.ts'
import {
  blockReceiptsCodec,
  blockReceiptsCodec68,
  bloomContains,
  Receipt,
  type ReceiptFields,
  receiptCodec,
  receiptCodec68,
  receiptsRoot,
} from '../index.ts'

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const log = fc.record({
  address: bytesOf(20),
  topics: fc.array(bytesOf(32), { maxLength: 4 }),
  data: fc.uint8Array({ maxLength: 80 }),
})
const outcome = fc.oneof(
  fc.record({ status: fc.constantFrom(0 as const, 1 as const), postState: fc.constant(undefined) }),
  fc.record({ status: fc.constant(undefined), postState: bytesOf(32) }),
)
const anyFields: fc.Arbitrary<ReceiptFields> = fc
  .tuple(
    fc.record({
      type: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const, 4 as const),
      cumulativeGasUsed: fc.bigInt(0n, 2n ** 64n - 1n),
      logs: fc.array(log, { maxLength: 4 }),
    }),
    outcome,
  )
  .map(([fields, result]) => ({ ...fields, ...result }))

const fieldsOf = ({ type, status, postState, cumulativeGasUsed, logs }: Receipt): ReceiptFields => ({
  type,
  status,
  postState,
  cumulativeGasUsed,
  logs,
})

const succeeded: ReceiptFields = { type: 2, status: 1, cumulativeGasUsed: 21_000n, logs: [] }

describe('Receipt', () => {
  test('a receipt survives both wire forms with every field and the same bloom', () => {
    fc.assert(
      fc.property(anyFields, (fields) => {
        const receipt = Receipt.from(fields)
        for (const codec of [receiptCodec, receiptCodec68]) {
          const again = codec.decode(codec.encode(receipt))
          expect(fieldsOf(again)).toEqual(fields)
          expect(again.logsBloom).toEqual(receipt.logsBloom)
          expect(again.consensusForm()).toEqual(receipt.consensusForm())
        }
      }),
    )
  })

  test('the bloom of a receipt contains the addresses and topics of its logs', () => {
    fc.assert(
      fc.property(anyFields, (fields) => {
        const receipt = receiptCodec.decode(receiptCodec.encode(Receipt.from(fields)))
        for (const { address, topics } of fields.logs) {
          for (const value of [address, ...topics]) expect(bloomContains(receipt.logsBloom, value)).toBe(true)
        }
      }),
    )
  })

  test('a receipt is flat without a bloom since eth/69, and has the consensus form before', () => {
    const receipt = Receipt.from(succeeded)
    expect(bytesToHex(receiptCodec.encode(receipt))).toBe('c60201825208c0')
    const consensus = `02f9010801825208b90100${'00'.repeat(256)}c0`
    expect(bytesToHex(receipt.consensusForm())).toBe(consensus)
    expect(bytesToHex(receiptCodec68.encode(receipt))).toBe(`b9010c${consensus}`)
    const legacy = Receipt.from({ ...succeeded, type: 0 })
    expect(bytesToHex(receiptCodec.encode(legacy))).toBe('c68001825208c0')
    expect(bytesToHex(receiptCodec68.encode(legacy))).toBe(consensus.slice(2))
  })

  test('both wire forms of receipts have the same root', () => {
    const list = fc.array(anyFields, { maxLength: 12 })
    fc.assert(
      fc.property(list, (all) => {
        const receipts = all.map((fields) => Receipt.from(fields))
        const flat = blockReceiptsCodec.decode(blockReceiptsCodec.encode(receipts))
        const old = blockReceiptsCodec68.decode(blockReceiptsCodec68.encode(receipts))
        expect(receiptsRoot(flat)).toEqual(receiptsRoot(receipts))
        expect(receiptsRoot(old)).toEqual(receiptsRoot(receipts))
      }),
    )
  })

  test('a receipt whose bloom is not that of its logs gives another root', () => {
    const bytes = receiptCodec68.encode(Receipt.from(succeeded))
    bytes[20] = 1
    expect(receiptsRoot([receiptCodec68.decode(bytes)])).not.toEqual(receiptsRoot([Receipt.from(succeeded)]))
  })

  test('decoding a receipt rejects an unknown type, and an outcome that is neither a status nor a state root', () => {
    const gas = Uint8Array.of(1)
    const bad: rlp.RlpItem[] = [
      [Uint8Array.of(5), gas, gas, []],
      [new Uint8Array(0), Uint8Array.of(2), gas, []],
      [new Uint8Array(0), new Uint8Array(31), gas, []],
      [new Uint8Array(0), gas, gas, new Uint8Array(0)],
      [new Uint8Array(0), gas, gas, [], []],
    ]
    for (const item of bad) expect(() => receiptCodec.decode(rlp.encodeItems(item))).toThrow(CodecError)
  })

  test('malformed logs of a receipt are found on first access', () => {
    const item = [new Uint8Array(0), Uint8Array.of(1), Uint8Array.of(1), [[new Uint8Array(19), [], new Uint8Array(0)]]]
    const receipt = receiptCodec.decode(rlp.encodeItems(item))
    expect(() => receipt.logs).toThrow(CodecError)
    expect(() => receipt.logsBloom).toThrow(CodecError)
    expect(() => receiptsRoot([receipt])).toThrow(CodecError)
  })

  test('random and mangled receipts throw nothing but CodecError', () => {
    const touch = (codec: rlp.RlpType<Receipt>, bytes: Uint8Array) => {
      try {
        const receipt = codec.decode(bytes)
        void [receipt.logs, receiptsRoot([receipt])]
      } catch (error) {
        if (!(error instanceof CodecError)) throw error
      }
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        touch(receiptCodec, bytes)
        touch(receiptCodec68, bytes)
      }),
    )
    fc.assert(
      fc.property(anyFields, fc.nat(), fc.nat(255), (fields, at, byte) => {
        for (const codec of [receiptCodec, receiptCodec68]) {
          const bytes = codec.encode(Receipt.from(fields))
          bytes[at % bytes.length] = byte
          touch(codec, bytes)
        }
      }),
    )
  })
})
