/**
 * Errors of remote calls. The codes are those of JSON-RPC and go-ethereum (rpc/errors.go).
 * @module
 */
import { type ErrorCode, PeerloomError, TimeoutError } from '../../base/errors.ts'

/** Values of `error.code` in a response. Source: JSON-RPC 2.0 section 5.1, go-ethereum rpc/errors.go, EIP-1474. */
export const RpcErrorCode = {
  Parse: -32_700,
  InvalidRequest: -32_600,
  MethodNotFound: -32_601,
  InvalidParams: -32_602,
  Internal: -32_603,
  /** Any other failure of a method. */
  Default: -32_000,
  /** EIP-1474: the requested resource does not exist. */
  ResourceNotFound: -32_001,
  Timeout: -32_002,
  ResponseTooLarge: -32_003,
  /** EIP-1474: the method is known, but not implemented by this node. */
  MethodNotSupported: -32_004,
  LimitExceeded: -32_005,
} as const

export interface RpcErrorOptions extends ErrorOptions {
  /** JSON value sent as `error.data`. */
  readonly data?: unknown
}

/** An error response. A method throws it to send it to the caller; a call rejects with it when the server sent one. */
export class RpcError extends PeerloomError {
  override readonly name = 'RpcError'
  /** `error.code` of the response, such as -32601; go-ethereum's `ErrorCode()`. */
  readonly errorCode: number
  readonly data: unknown

  constructor(errorCode: number, message: string, options: RpcErrorOptions = {}) {
    super('ERR_RPC', message, options)
    this.errorCode = errorCode
    this.data = options.data
  }
}

/** A failure of the connection, not of the method. */
export class RpcConnectionError extends PeerloomError {
  override readonly name: string = 'RpcConnectionError'
  /** False when the server cannot have received the call; true when it may have executed it. */
  readonly mayHaveRun: boolean

  constructor(code: ErrorCode, message: string, options: ErrorOptions & { readonly mayHaveRun: boolean }) {
    super(code, message, options)
    this.mayHaveRun = options.mayHaveRun
  }
}

/** An HTTP response with a status that is not 2xx; go-ethereum's `HTTPError`. */
export class RpcHttpError extends RpcConnectionError {
  override readonly name = 'RpcHttpError'
  readonly status: number
  /** The first 8 KiB of the response body. */
  readonly body: string

  constructor(status: number, body: string) {
    const detail = body.trim()
    super('ERR_RPC_HTTP', `HTTP status ${status}${detail ? `: ${detail.slice(0, 200)}` : ''}`, {
      mayHaveRun: status >= 500,
    })
    this.status = status
    this.body = body
  }
}

/** The error of calls that were in flight when the connection was lost. */
export function lostConnection(reason: string, cause?: unknown): RpcConnectionError {
  return new RpcConnectionError('ERR_RPC_CONNECTION', `connection lost: ${reason}`, { mayHaveRun: true, cause })
}

/** The error of a request that is not sent, because it exceeds the limit of `max` characters. */
export function tooLarge(text: string, max: number): RpcError {
  const message = `request too large: ${text.length} characters, at most ${max}`
  return new RpcError(RpcErrorCode.InvalidRequest, message)
}

/** The error of a call that the server's response leaves out: go-ethereum's `ErrNoResult` and `ErrMissingBatchResponse`. */
export function missingResponse(method: string): RpcConnectionError {
  return new RpcConnectionError('ERR_RPC_ANSWER', `no response to ${method}`, { mayHaveRun: true })
}

/** The end of a subscription whose reader fell too far behind; go-ethereum's `ErrSubscriptionQueueOverflow`. */
export class RpcOverflowError extends PeerloomError {
  override readonly name = 'RpcOverflowError'
  /** Number of queued values at that time. They can still be read. */
  readonly held: number

  constructor(held: number) {
    super('ERR_RPC_OVERFLOW', `subscription queue overflow: ${held} unread values`)
    this.held = held
  }
}

/** `error` of a response. Source: JSON-RPC 2.0 section 5.1. */
export interface RpcErrorObject {
  readonly code: number
  readonly message: string
  readonly data?: unknown
}

/** Errors that JavaScript throws for a fault of the program. */
const FAULTS: readonly unknown[] = [TypeError, RangeError, ReferenceError, SyntaxError]

/** @returns true for a fault of the method itself, which is logged with its stack and hidden from the caller. */
export function isCrash(error: unknown): boolean {
  try {
    return !(error instanceof Error) || FAULTS.includes(error.constructor)
  } catch {
    return true // a value may throw when it is read
  }
}

/** Stack of what a method threw, for the log; undefined when there is none that can be read. */
export function stackOf(error: unknown): string | undefined {
  try {
    return error instanceof Error ? error.stack : undefined
  } catch {
    return undefined
  }
}

const CRASHED: RpcErrorObject = { code: RpcErrorCode.Internal, message: 'method handler crashed' }

/** Converts what a method threw to the `error` of its response, without a stack. Never throws, whatever was thrown. */
export function toErrorObject(error: unknown): RpcErrorObject {
  try {
    return errorObjectOf(error)
  } catch {
    return CRASHED
  }
}

function errorObjectOf(error: unknown): RpcErrorObject {
  if (error instanceof RpcError) {
    const { errorCode, message, data } = error
    return { code: errorCode, message, ...(data !== undefined && { data }) }
  }
  if (error instanceof TimeoutError) return { code: RpcErrorCode.Timeout, message: 'request timed out' }
  if (isCrash(error)) return CRASHED
  return { code: RpcErrorCode.Default, message: String((error as Error).message ?? '').split('\n', 1)[0] || 'failed' }
}
