import { fail, MAX_DEPTH, type RlpReader } from './reader.ts'
import { define, type RlpType } from './type.ts'
import { closeList, lengthOfList, lengthOfString, refuse, writeString } from './writer.ts'

/** Untyped RLP item: a byte string, or a list of items. */
export type RlpItem = Uint8Array | readonly RlpItem[]

/** BOUNDED: most items of a tree decoded by `decodeItems`, since a byte of input can become 100 bytes of memory. */
const MAX_ITEMS = 2 ** 20

function sizeOf(item: RlpItem, depth: number): number {
  if (item instanceof Uint8Array) return lengthOfString(item)
  if (!Array.isArray(item)) refuse('an item must be a Uint8Array or an array')
  if (depth >= MAX_DEPTH) fail('ERR_RLP_DEPTH', `lists nested deeper than ${MAX_DEPTH}`)
  let payloadLength = 0
  for (const child of item as readonly RlpItem[]) payloadLength += sizeOf(child, depth + 1)
  return lengthOfList(payloadLength)
}

function write(item: RlpItem, out: Uint8Array, at: number): number {
  if (item instanceof Uint8Array) return writeString(item, out, at)
  let end = at + 1
  for (const child of item) end = write(child, out, end)
  return closeList(out, at, end)
}

function read(reader: RlpReader, budget: { left: number }): RlpItem {
  if (budget.left-- === 0) fail('ERR_RLP_TOO_LONG', `more than ${MAX_ITEMS} items`, reader.offset)
  if (!reader.isList()) return reader.readBytes()
  const inside = reader.enterList()
  const items: RlpItem[] = []
  while (!inside.done) items.push(read(inside, budget))
  return items
}

/** Item as a tree of byte strings, for tests and tools; protocols have types. Nested up to 64 lists deep. */
export const item: RlpType<RlpItem> = define<RlpItem>({
  size: (value) => sizeOf(value, 0),
  write,
  read: (reader) => read(reader, { left: MAX_ITEMS }),
})

/** Encodes a tree of byte strings and lists. */
export function encodeItems(value: RlpItem): Uint8Array {
  return item.encode(value)
}

/** Decodes one item into a tree of views. At most 64 lists deep and 1 048 576 items in all. */
export function decodeItems(input: Uint8Array): RlpItem {
  return item.decode(input)
}
