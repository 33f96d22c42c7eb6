/**
 * Encoding and decoding of JSON-RPC 2.0 messages. Decoding validates: no other file looks at a received message before
 * {@link readMessage} has.
 * @module
 */
import type { RpcErrorObject } from './errors.ts'

export type RpcId = string | number | null

/** A call, or a notification when `id` is undefined. */
export interface RpcRequest {
  readonly kind: 'request'
  readonly id: RpcId | undefined
  readonly method: string
  readonly params: unknown
}

export interface RpcResponse {
  readonly kind: 'response'
  readonly id: RpcId
  readonly result: unknown
  readonly error: RpcErrorObject | undefined
}

export interface InvalidMessage {
  readonly kind: 'invalid'
  /** Id for the error response; null when the message has no valid one. */
  readonly id: RpcId
}

/** Longest method name of a subscription; go-ethereum's `maxMethodNameLength` (rpc/json.go). */
export const MAX_METHOD_LENGTH = 2_048

/** Decodes a parsed JSON value that is not a batch. Never throws. */
export function readMessage(value: unknown): RpcRequest | RpcResponse | InvalidMessage {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { kind: 'invalid', id: null }
  const { jsonrpc, id, method, params, result, error } = value as Readonly<Record<string, unknown>>
  if (id !== undefined && !isId(id)) return { kind: 'invalid', id: null }
  if (jsonrpc !== '2.0') return { kind: 'invalid', id: id ?? null }
  if (typeof method === 'string' && method !== '') return { kind: 'request', id, method, params }
  if (method !== undefined || id === undefined) return { kind: 'invalid', id: id ?? null }
  if (error !== undefined && error !== null) return { kind: 'response', id, result: undefined, error: readError(error) }
  if (result !== undefined) return { kind: 'response', id, result, error: undefined }
  return { kind: 'invalid', id }
}

/** Rejects numbers that JSON cannot carry exactly: the response would have another id. */
function isId(id: unknown): id is RpcId {
  if (typeof id === 'number') return Number.isSafeInteger(id) || (Number.isFinite(id) && !Number.isInteger(id))
  return typeof id === 'string' || id === null
}

function readError(error: unknown): RpcErrorObject {
  const { code, message, data } = (typeof error === 'object' ? error : {}) as Readonly<Record<string, unknown>>
  return {
    code: typeof code === 'number' ? code : 0,
    message: typeof message === 'string' ? message : typeof error === 'string' ? error : 'error without a message',
    ...(data !== undefined && { data }),
  }
}

export function encodeCall(id: number, method: string, params: readonly unknown[]): string {
  return `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${encodeParams(params)}}`
}

export function encodeNotification(method: string, params: readonly unknown[]): string {
  return `{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":${encodeParams(params)}}`
}

function encodeParams(params: readonly unknown[]): string {
  return params.length === 0 ? '[]' : JSON.stringify(params)
}

/**
 * A result that is encoded already, and sent unchanged. Bytes (UTF-8) suit large results that are cached: over HTTP they are
 * written as they are, while a text is copied into each response.
 */
export class RawJson {
  readonly #json: string | Buffer

  constructor(json: string | Uint8Array) {
    this.#json = typeof json === 'string' ? json : Buffer.from(json.buffer, json.byteOffset, json.length)
  }

  get text(): string {
    return this.#json.toString()
  }

  /** Undefined when the result was given as text. */
  get bytes(): Uint8Array | undefined {
    return typeof this.#json === 'string' ? undefined : this.#json
  }

  toJSON(): unknown {
    return JSON.parse(this.text)
  }
}

/** An encoded response: a text, or cached bytes with the text around them. */
export type ResponseText = string | ResponseParts

export interface ResponseParts {
  readonly before: string
  readonly bytes: Uint8Array
  readonly after: string
}

/** Encodes a response with a result. Throws what `JSON.stringify` throws. */
export function encodeResult(id: RpcId, result: unknown): ResponseText {
  const before = `{"jsonrpc":"2.0","id":${encodeId(id)},"result":`
  const bytes = result instanceof RawJson ? result.bytes : undefined
  return bytes ? { before, bytes, after: '}' } : `${before}${encodeValue(result)}}`
}

/** Converts a response to text, for wires that send text only. */
export function joinResponse(answer: ResponseText): string {
  if (typeof answer === 'string') return answer
  const { before, bytes, after } = answer
  return before + new RawJson(bytes).text + after
}

export function encodeError(id: RpcId, error: RpcErrorObject): string {
  return `{"jsonrpc":"2.0","id":${encodeId(id)},"error":${encodeErrorObject(error)}}`
}

/** Leaves out `data` that cannot be written, such as a bigint. */
function encodeErrorObject(error: RpcErrorObject): string {
  try {
    return JSON.stringify(error)
  } catch {
    return JSON.stringify({ code: error.code, message: String(error.message) })
  }
}

/** Suffixes of the method names of subscription notifications. */
export const SUBSCRIPTION_SUFFIX = { value: '_subscription', end: '_subscriptionEnded' } as const

/** Encodes a value of a subscription. */
export function encodeSubscriptionValue(namespace: string, id: string, result: unknown): string {
  return encodeSubscriptionMessage(
    `${namespace}${SUBSCRIPTION_SUFFIX.value}`,
    `"subscription":"${id}","result":${encodeValue(result)}`,
  )
}

/**
 * Encodes the end of a subscription: its generator has returned, or thrown `error`. go-ethereum sends no such notification.
 * It has a separate method name, so that clients which know only `_subscription` ignore it.
 */
export function encodeSubscriptionEnd(namespace: string, id: string, error?: RpcErrorObject): string {
  const suffix = error ? `,"error":${encodeErrorObject(error)}` : ''
  return encodeSubscriptionMessage(`${namespace}${SUBSCRIPTION_SUFFIX.end}`, `"subscription":"${id}"${suffix}`)
}

function encodeSubscriptionMessage(method: string, params: string): string {
  return `{"jsonrpc":"2.0","method":"${method}","params":{${params}}}`
}

function encodeId(id: RpcId): string {
  return typeof id === 'string' ? JSON.stringify(id) : String(id)
}

function encodeValue(value: unknown): string {
  if (value instanceof RawJson) return value.text
  return JSON.stringify(value) ?? 'null'
}
