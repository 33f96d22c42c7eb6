/**
 * Explains blocks of a file that do not continue the chain of a data folder. Each sentence says what is certain: a file
 * that shares no block with the folder may be of another branch or of another chain.
 * @module
 */
import { bytesTo0x, equalBytes } from '../../base/bytes.ts'
import type { Header } from '../types/index.ts'

/** State of an import at the block in question. */
export interface ImportState {
  /** Number of the last block of the chain, with what the import has added. */
  readonly tip: number
  /** Number of the block before in the file, block 0 not counted; undefined for the first one. */
  readonly before: number | undefined
  /** Number of the first block that the import has added; undefined if there is none. */
  readonly firstAdded: number | undefined
  /** Returns the hash of the block of this number on the chain, with what the import has added. */
  hashAt(number: number): Uint8Array | undefined
}

/** Explains a block 0 that is not the genesis block of the folder. */
export function explainGenesis(header: Header, genesis: Uint8Array): string {
  return `is the genesis block of another chain, ${bytesTo0x(header.hash)}; that of the data folder is ${bytesTo0x(genesis)}`
}

/** Explains a block whose number the chain has with another hash, or, in a damaged folder, with none. */
export function explainDifference({ number, parentHash }: Header, state: ImportState): string {
  if (!state.hashAt(number)) return 'is missing in the data folder, which is damaged'
  if (state.firstAdded !== undefined && number >= state.firstAdded)
    return 'is in the file twice, with different contents'
  if (number === 1 && !isAt(state, 0, parentHash)) return otherGenesis()
  const differs = 'differs from the block of this number in the data folder'
  if (isAt(state, number - 1, parentHash))
    return `${differs}, and both follow block ${number - 1}: the file has another branch of the chain, and an import only adds blocks after the head`
  if (state.before === number - 1) return unlinked(number - 1)
  return `${differs}, and so does its parent: the file is of another branch or another chain, and an import only adds blocks after the head`
}

/** Explains a block above the end of the chain that does not follow it. */
export function explainGap({ number }: Header, state: ImportState): string {
  const { tip, before } = state
  const next = tip + 1
  if (number > next) {
    const missing = number === next + 1 ? `block ${next} is` : `blocks ${next} to ${number - 1} are`
    if (before === undefined)
      return `does not follow block ${tip}, the head of the data folder: ${missing} missing between them`
    return `does not follow block ${tip}: ${missing} missing before it in the file`
  }
  if (number === 1) return otherGenesis()
  if (before === tip) return unlinked(tip)
  return `does not follow block ${tip}, the head of the data folder: its parent is another block ${tip}, so that the file is of another branch or another chain`
}

function otherGenesis(): string {
  return 'does not follow block 0, the genesis block of the data folder: the file is of another chain'
}

function unlinked(before: number): string {
  return `does not follow block ${before} before it in the file: its parent is another block`
}

function isAt(state: ImportState, number: number, hash: Uint8Array): boolean {
  const there = state.hashAt(number)
  return there !== undefined && equalBytes(there, hash)
}
