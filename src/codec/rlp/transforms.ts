import { CodecError } from '../../base/errors.ts'
import { define, type RlpType } from './type.ts'

/** Runs a conversion; what it throws becomes a `CodecError`, whose penalty is 0 for a value of this side. */
function convert<A, B>(step: (value: A) => B, value: A, offset: number, penalty?: number): B {
  try {
    return step(value)
  } catch (error) {
    if (error instanceof CodecError) throw error
    const message = error instanceof Error ? error.message : String(error)
    throw new CodecError('ERR_RLP_VALUE', message, offset, { cause: error, ...(penalty !== undefined && { penalty }) })
  }
}

/**
 * Type converted by two functions: `to` after reading, `from` before writing (called twice for each encoding). An error
 * that they throw becomes a `CodecError` `ERR_RLP_VALUE` unless it is a `CodecError` already.
 */
export function mapped<A, B>(type: RlpType<A>, to: (value: A) => B, from: (value: B) => A): RlpType<B> {
  return define<B>({
    size: (value) => type.size(convert(from, value, 0, 0)),
    write: (value, out, at) => type.write(convert(from, value, 0, 0), out, at),
    read(reader) {
      const at = reader.offset
      return convert(to, type.read(reader), at)
    },
  })
}

function looksLikeList(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array)
}

/**
 * Union of a type for byte strings and one for lists. `isList` selects the type of a value to encode.
 * @default every object but a `Uint8Array` is a list
 */
export function either<A, B>(
  bytesType: RlpType<A>,
  listType: RlpType<B>,
  isList: (value: A | B) => boolean = looksLikeList,
): RlpType<A | B> {
  const typeFor = (value: A | B): RlpType<A | B> => (isList(value) ? listType : bytesType)
  return define<A | B>({
    size: (value) => typeFor(value).size(value),
    write: (value, out, at) => typeFor(value).write(value, out, at),
    read: (reader) => (reader.isList() ? listType.read(reader) : bytesType.read(reader)),
  })
}
