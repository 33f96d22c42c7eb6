import { fail, RlpReader } from './reader.ts'
import { define, type RlpType } from './type.ts'
import { closeList, lengthOfList, refuse, writeRaw } from './writer.ts'

/** Most elements of a list whose type has no limit: keeps a 16 MiB message of 1-byte items from becoming 1 GB. */
export const DEFAULT_MAX_LIST = 2 ** 20

export interface ListOptions {
  /** Most elements of the list. @default 1 048 576 */
  readonly max?: number
}

/** List of values of one type. BOUNDED: by `max` elements, `ERR_RLP_TOO_LONG` at the first one more. */
export function list<T>(of: RlpType<T>, options: ListOptions = {}): RlpType<readonly T[]> {
  const max = options.max ?? DEFAULT_MAX_LIST
  return define<readonly T[]>({
    size(values) {
      if (!Array.isArray(values)) refuse('a list must be an array')
      if (values.length > max) refuse(`list of ${values.length}, at most ${max} allowed`)
      let payloadLength = 0
      for (const value of values) payloadLength += of.size(value)
      return lengthOfList(payloadLength)
    },
    write(values, out, at) {
      let end = at + 1
      for (const value of values) end = of.write(value, out, end)
      return closeList(out, at, end)
    },
    read(reader) {
      const at = reader.offset
      const inside = reader.enterList()
      const values: T[] = []
      while (!inside.done) {
        if (values.length >= max) fail('ERR_RLP_TOO_LONG', `list of more than ${max}`, at)
        values.push(of.read(inside))
      }
      return values
    },
  })
}

function sizeOfRaw(item: Uint8Array): number {
  if (!(item instanceof Uint8Array)) refuse('a raw item must be a Uint8Array')
  const reader = new RlpReader(item)
  reader.skip()
  reader.finish()
  return item.length
}

/** Item of either kind as its bytes, header included. Checks its span only, not its content. */
export const raw: RlpType<Uint8Array> = define({
  size: sizeOfRaw,
  write: writeRaw,
  read: (reader) => reader.rawItem(),
})

/** Item that is decoded when its value is first read. */
export interface Lazy<T> {
  /** Bytes of the item, header included. */
  readonly raw: Uint8Array
  /** Value, decoded once. Throws the `CodecError` of a malformed item; its offset counts from the start of `raw`. */
  readonly value: T
}

class LazyItem<T> implements Lazy<T> {
  readonly raw: Uint8Array
  readonly #type: RlpType<T>
  #value: { readonly decoded: T } | undefined

  constructor(type: RlpType<T>, item: Uint8Array) {
    this.#type = type
    this.raw = item
  }

  get value(): T {
    this.#value ??= { decoded: this.#type.decode(this.raw) }
    return this.#value.decoded
  }
}

export interface LazyType<T> extends RlpType<Lazy<T>> {
  /** Wraps a value, encoding it. */
  of(value: T): Lazy<T>
}

/** Item that stays undecoded until its `value` is read, and is encoded as it arrived. */
export function lazy<T>(type: RlpType<T>): LazyType<T> {
  const codec = define<Lazy<T>>({
    size: (item) => sizeOfRaw(item.raw),
    write: (item, out, at) => writeRaw(item.raw, out, at),
    read: (reader) => new LazyItem(type, reader.rawItem()),
  })
  return { ...codec, of: (value) => new LazyItem(type, type.encode(value)) }
}
