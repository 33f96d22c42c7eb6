/**
 * The bundled chain (`assets/demo`) in memory, as what eth serves from: for tests of the wire that need no store.
 * @module
 */
import { readFileSync } from 'node:fs'
import { bytesToHex, equalBytes } from '../../src/base/bytes.ts'
import type { ChainHead, ChainSource, ForkId } from '../../src/ethereum/eth/index.ts'
import { type Block, Header, readBlocks, readItems } from '../../src/ethereum/types/index.ts'

const asset = (name: string): Uint8Array => readFileSync(new URL(`../../assets/demo/${name}`, import.meta.url))

/** Blocks from number 1 on. */
export const demoBlocks: readonly Block[] = [...readBlocks(asset('chain.rlp'))]
/** By block: RLP of its receipts in the form of eth/69. */
export const demoReceipts: readonly Uint8Array[] = [...readItems(asset('receipts.rlp'))]
/** By block: RLP of its access list, or 0x80. */
export const demoAccessLists: readonly Uint8Array[] = [...readItems(asset('bals.rlp'))]

export class MemoryChain implements ChainSource {
  readonly genesisHash: Uint8Array = (demoBlocks[0] as Block).header.parentHash
  readonly config = { chainId: 3626026 }
  earliest = 1
  head: ChainHead
  currentForkId: ForkId = { hash: Uint8Array.of(1, 2, 3, 4), next: 0n }
  readonly #headers = new Map<string, Header>()
  readonly #canonical = new Map<number, Header>()
  readonly #bodies = new Map<string, Uint8Array>()
  readonly #receipts = new Map<string, Uint8Array>()
  readonly #accessLists = new Map<string, Uint8Array>()

  constructor(blocks = demoBlocks.length) {
    for (const [i, block] of demoBlocks.slice(0, blocks).entries()) {
      const key = bytesToHex(block.hash)
      this.addHeader(block.header)
      this.#canonical.set(block.number, block.header)
      this.#bodies.set(key, block.body.raw)
      this.#receipts.set(key, demoReceipts[i] as Uint8Array)
      const accessList = demoAccessLists[i] as Uint8Array
      if ((accessList[0] as number) >= 0xc0) this.#accessLists.set(key, accessList)
    }
    this.head = this.headAt(blocks)
  }

  headAt(number: number): ChainHead {
    const { hash, timestamp } = this.#canonical.get(number) as Header
    return { number, hash, totalDifficulty: 131_072n, timestamp }
  }

  /** A header beside the canonical chain. */
  addHeader(header: Header): void {
    this.#headers.set(bytesToHex(header.hash), header)
  }

  setReceipts(hash: Uint8Array, raw: Uint8Array): void {
    this.#receipts.set(bytesToHex(hash), raw)
  }

  forkId(): ForkId {
    return this.currentForkId
  }

  forkFilter(remote: ForkId): string | undefined {
    return equalBytes(remote.hash, this.currentForkId.hash) ? undefined : 'another chain'
  }

  hashAt(number: number): Uint8Array | undefined {
    return this.#canonical.get(number)?.hash
  }

  numberOf(hash: Uint8Array): number | undefined {
    return this.#headers.get(bytesToHex(hash))?.number
  }

  rawHeader(hash: Uint8Array): Uint8Array | undefined {
    return this.#headers.get(bytesToHex(hash))?.raw
  }

  rawHeaderAt(number: number): Uint8Array | undefined {
    return this.#canonical.get(number)?.raw
  }

  rawBody(hash: Uint8Array): Uint8Array | undefined {
    return this.#bodies.get(bytesToHex(hash))
  }

  rawReceipts(hash: Uint8Array): Uint8Array | undefined {
    return this.#receipts.get(bytesToHex(hash))
  }

  rawAccessList(hash: Uint8Array): Uint8Array | undefined {
    return this.#accessLists.get(bytesToHex(hash))
  }
}

/** Headers on top of `parent` that are not the bundled chain's. */
export function sideHeaders(parent: Header, count: number): Header[] {
  const headers: Header[] = []
  for (let tip = parent; headers.length < count; headers.push(tip)) {
    tip = Header.from({ ...tip, parentHash: tip.hash, number: tip.number + 1, extraData: Uint8Array.of(7) })
  }
  return headers
}
