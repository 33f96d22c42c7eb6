/**
 * Export of a chain into a file: the RLP of the blocks, concatenated, in the format of `geth import`.
 * @module
 */
import { open, realpath, rename, rm, stat } from 'node:fs/promises'
import { ConfigError, PeerloomError } from '../../base/errors.ts'
import type { ChainStore } from '../chain/index.ts'
import { Block, BlockBody, Header } from '../types/index.ts'
import type { ImportProgress } from './import-chain.ts'
import { isPacked, packed } from './packed-file.ts'

/** Bytes of blocks in one write. */
const BATCH_BYTES = 8 * 1024 * 1024

export interface ExportOptions {
  /** @default 1: the genesis block is in genesis.json */
  readonly first?: number
  /** @default the number of the head */
  readonly last?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: ImportProgress) => void
}

/**
 * Writes canonical blocks, with the access lists that are stored, into a temporary file, which then replaces the file; a
 * pipe or a device is written to directly. A file whose name ends in `.gz` is packed by gzip. Throws ConfigError: `file` when it cannot be created, `first` or `last` when the chain has no such blocks;
 * `ERR_CHAIN_FILE` when writing fails.
 */
export async function exportChainFile(
  chain: ChainStore,
  path: string,
  options: ExportOptions = {},
): Promise<ImportProgress> {
  const { first = 1, last = chain.head.number, signal } = options
  const top = chain.head.number
  if (last > top) throw new ConfigError('last', `there is no block ${last}`, { hint: `the head is ${top}` })
  if (first > last + 1)
    throw new ConfigError('first', `${first} is after the last block`, { hint: `the last block is ${last}` })
  const target = await realpath(path).catch(() => path)
  const direct = await isPipeOrDevice(target)
  const temporary = direct ? target : `${target}.${process.pid}.tmp`
  const file = await open(temporary, 'w').catch(cannotWrite(path))
  const written = { blocks: 0, bytes: 0 }
  try {
    const chunks = blockChunks(chain, first, last, written)
    for await (const chunk of isPacked(path) ? packed(chunks) : chunks) {
      signal?.throwIfAborted()
      await file.writeFile(chunk).catch(writeFailed(path))
      written.bytes += chunk.length
      options.onProgress?.({ ...written })
    }
    await file.close()
    if (!direct) await rename(temporary, target).catch(cannotWrite(path))
  } catch (error) {
    await file.close().catch(() => undefined)
    if (!direct) await rm(temporary, { force: true })
    throw error
  }
  return written
}

function* blockChunks(
  chain: ChainStore,
  first: number,
  last: number,
  written: { blocks: number },
): Generator<Uint8Array> {
  let parts: Uint8Array[] = []
  let size = 0
  for (let number = first; number <= last; number++) {
    const raw = rawBlock(chain, number)
    parts.push(raw)
    size += raw.length
    written.blocks++
    if (size < BATCH_BYTES && number < last) continue
    yield Buffer.concat(parts)
    parts = []
    size = 0
  }
}

/** `[header, transactions, ommers, withdrawals?, accessList?]`; the access list is there where the folder has it. */
function rawBlock(chain: ChainStore, number: number): Uint8Array {
  const hash = chain.hashAt(number)
  const header = hash && chain.rawHeader(hash)
  const body = hash && chain.rawBody(hash)
  if (!header || !body) throw new PeerloomError('ERR_CHAIN_FILE', `block ${number} is incomplete in the data folder`)
  const accessList = chain.rawAccessList(hash)
  return new Block(Header.decode(header), BlockBody.decode(body), undefined, accessList).exported
}

/** @returns true for a pipe or a device, which a rename would replace by a regular file */
async function isPipeOrDevice(path: string): Promise<boolean> {
  const there = await stat(path).catch(() => undefined)
  return there !== undefined && !there.isFile() && !there.isDirectory()
}

function writeFailed(path: string) {
  return (error: NodeJS.ErrnoException): never => {
    throw new PeerloomError('ERR_CHAIN_FILE', `${path} cannot be written`, { cause: error })
  }
}

function cannotWrite(path: string) {
  return (error: NodeJS.ErrnoException): never => {
    throw new ConfigError('file', `${path} cannot be written (${error.code ?? error.message})`, { cause: error })
  }
}
