import { CodecError, InternalError } from '../../base/errors.ts'
import { define, type RlpType } from './type.ts'
import { closeList, lengthOfList, refuse } from './writer.ts'

/** Field of a struct that may be absent, with all fields behind it. Made by `optional`. */
export interface OptionalField<T> {
  readonly optional: RlpType<T>
}

export type Field = RlpType<unknown> | OptionalField<unknown>
export type Fields = Readonly<Record<string, Field>>

type Flat<T> = { [K in keyof T]: T[K] }
type OptionalKeys<F extends Fields> = { [K in keyof F]: F[K] extends OptionalField<unknown> ? K : never }[keyof F]

/** Type of the objects of a table of fields. */
export type StructOf<F extends Fields> = Flat<
  { -readonly [K in Exclude<keyof F, OptionalKeys<F>>]: F[K] extends RlpType<infer T> ? T : never } & {
    -readonly [K in OptionalKeys<F>]?: F[K] extends OptionalField<infer T> ? T | undefined : never
  }
>

export interface StructOptions {
  /** Items after the last field: `reject` throws `ERR_RLP_TRAILING`, `ignore` skips them (EIP-8). @default reject */
  readonly extra?: 'reject' | 'ignore'
}

/** Trailing field of a struct that may be absent, which is undefined then. */
export function optional<T>(type: RlpType<T>): OptionalField<T> {
  return { optional: type }
}

interface Layout {
  readonly names: readonly string[]
  readonly types: readonly RlpType<unknown>[]
  /** Number of leading fields that are not optional. */
  readonly required: number
}

function layoutOf(fields: Fields): Layout {
  const names = Object.keys(fields)
  const types: RlpType<unknown>[] = []
  let required = 0
  for (const [name, field] of Object.entries(fields)) {
    if (/^\d+$/.test(name)) throw new InternalError(`struct field ${name}: engines reorder keys that are integers`)
    const isOptional = 'optional' in field
    types.push(isOptional ? field.optional : field)
    if (isOptional) continue
    required++
    if (required !== types.length) throw new InternalError(`struct field ${name}: stands after an optional one`)
  }
  return { names, types, required }
}

/** Number of fields to write: up to the last defined one. */
function presentFields(layout: Layout, value: Readonly<Record<string, unknown>>): number {
  let count = layout.names.length
  while (count > layout.required && value[layout.names[count - 1] as string] === undefined) count--
  for (let i = layout.required; i < count; i++) {
    const name = layout.names[i] as string
    if (value[name] === undefined) refuse(`${name} is absent but a field after it is not`)
  }
  return count
}

function sizeOf(layout: Layout, value: Readonly<Record<string, unknown>>): number {
  if (typeof value !== 'object' || value === null) refuse('a struct must be an object')
  const count = presentFields(layout, value)
  let payloadLength = 0
  let i = 0
  try {
    for (; i < count; i++) {
      payloadLength += (layout.types[i] as RlpType<unknown>).size(value[layout.names[i] as string])
    }
  } catch (error) {
    throw inField(layout.names[i] as string, error)
  }
  return lengthOfList(payloadLength)
}

/** Adds a field's name to the front of an error, so that the message is a path: `header: gasLimit: …`. */
function inField(name: string, error: unknown): unknown {
  if (!(error instanceof CodecError)) return error
  return new CodecError(error.code, `${name}: ${error.message}`, error.offset, {
    cause: error.cause,
    penalty: error.penalty,
  })
}

/**
 * Object as a list with one item per field. One table is both encoder and decoder: the order of its keys is the order on
 * the wire. Fields made by `optional` must come last; a decoded struct has all keys, undefined for the absent ones.
 */
export function struct<const F extends Fields>(fields: F, options: StructOptions = {}): RlpType<StructOf<F>> {
  const layout = layoutOf(fields)
  const { names, types, required } = layout
  const ignoreExtra = options.extra === 'ignore'
  const type: RlpType<Record<string, unknown>> = define({
    size: (value) => sizeOf(layout, value),
    write(value, out, at) {
      const count = presentFields(layout, value)
      let end = at + 1
      for (let i = 0; i < count; i++) {
        end = (types[i] as RlpType<unknown>).write(value[names[i] as string], out, end)
      }
      return closeList(out, at, end)
    },
    read(reader) {
      const inside = reader.enterList()
      const value: Record<string, unknown> = {}
      let i = 0
      try {
        for (; i < types.length; i++) {
          const absent = i >= required && inside.done
          value[names[i] as string] = absent ? undefined : (types[i] as RlpType<unknown>).read(inside)
        }
      } catch (error) {
        throw inField(names[i] as string, error)
      }
      while (ignoreExtra && !inside.done) inside.skip()
      inside.finish()
      return value
    },
  })
  return type as RlpType<unknown> as RlpType<StructOf<F>>
}
