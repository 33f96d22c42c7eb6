/**
 * The bundled chain (`assets/demo`): its parts, and a store that holds it.
 * @module
 */
import { readFileSync } from 'node:fs'
import { ChainStore, parseGenesis, type StorableBlock } from '../../src/ethereum/chain/index.ts'
import { type Block, Header, readBlocks, readItems } from '../../src/ethereum/types/index.ts'
import { type KeyValueStore, MemoryStore } from '../../src/storage/index.ts'

const asset = (name: string): Uint8Array => readFileSync(new URL(`../../assets/demo/${name}`, import.meta.url))

/** Blocks from number 1 on. */
export const demoBlocks: readonly Block[] = [...readBlocks(asset('chain.rlp'))]
/** RLP of each block's receipts, in the form of eth/69. */
export const demoReceipts: readonly Uint8Array[] = [...readItems(asset('receipts.rlp'))]
/** RLP of each block's access list, or 0x80. */
export const demoAccessLists: readonly Uint8Array[] = [...readItems(asset('bals.rlp'))]

/** Blocks of the bundled chain from one number up to and including another. */
export function demoRange(first: number, last: number): StorableBlock[] {
  return demoBlocks.slice(first - 1, last).map(({ header, body }, i) => {
    const accessList = demoAccessLists[first - 1 + i] as Uint8Array
    return {
      header,
      body: body.raw,
      receipts: demoReceipts[first - 1 + i],
      accessList: accessList.length > 1 || accessList[0] === 0xc0 ? accessList : undefined,
    }
  })
}

/** A store that holds the bundled chain up to this block. */
export async function demoChain(
  blocks = demoBlocks.length,
  store: KeyValueStore = new MemoryStore(),
): Promise<ChainStore> {
  const chain = await ChainStore.open(store, parseGenesis(new TextDecoder().decode(asset('genesis.json'))))
  await chain.extend(demoRange(1, blocks))
  return chain
}

/** Empty blocks on top of `parent` that are not the bundled chain's. */
export function sideBlocks(parent: Header, count: number): StorableBlock[] {
  const blocks: StorableBlock[] = []
  for (let tip = parent; blocks.length < count; blocks.push({ header: tip, body: EMPTY_BODY })) {
    tip = Header.from({ ...tip, parentHash: tip.hash, number: tip.number + 1, extraData: Uint8Array.of(7) })
  }
  return blocks
}

const EMPTY_BODY = Uint8Array.of(0xc3, 0xc0, 0xc0, 0xc0)
