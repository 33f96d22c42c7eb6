/**
 * What goes wrong in a remote call. The numbers are JSON-RPC's and go-ethereum's (rpc/errors.go).
 * @module
 */
import { type ErrorCode, PeerloomError, TimeoutError } from '../../base/errors.ts'

/** Numbers that stand in an answer's `error.code`. Source: JSON-RPC 2.0 section 5.1, go-ethereum rpc/errors.go, EIP-1474. */
export const RpcErrorCode = {
  Parse: -32_700,
  InvalidRequest: -32_600,
  MethodNotFound: -32_601,
  InvalidParams: -32_602,
  Internal: -32_603,
  /** Whatever a method failed with that has no number of its own. */
  Default: -32_000,
  /** EIP-1474: what was asked for is not there. */
  ResourceNotFound: -32_001,
  Timeout: -32_002,
  ResponseTooLarge: -32_003,
  /** EIP-1474: the method is known, and this node cannot answer it. */
  MethodNotSupported: -32_004,
  LimitExceeded: -32_005,
} as const

export interface RpcErrorOptions extends ErrorOptions {
  /** Anything JSON can hold, sent along as `error.data`. */
  readonly data?: unknown
}

/** An answer that is an error. Thrown by a method it goes to the caller as it is; on the caller's side it is what came. */
export class RpcError extends PeerloomError {
  override readonly name = 'RpcError'
  /** The number in the answer, such as -32601; go-ethereum's `ErrorCode()`. */
  readonly errorCode: number
  readonly data: unknown

  constructor(errorCode: number, message: string, options: RpcErrorOptions = {}) {
    super('ERR_RPC', message, options)
    this.errorCode = errorCode
    this.data = options.data
  }
}

/** The connection failed, not the method. */
export class RpcConnectionError extends PeerloomError {
  override readonly name: string = 'RpcConnectionError'
  /** False when the call has certainly not been received; true when the server may have done what it was asked for. */
  readonly mayHaveRun: boolean

  constructor(code: ErrorCode, message: string, options: ErrorOptions & { readonly mayHaveRun: boolean }) {
    super(code, message, options)
    this.mayHaveRun = options.mayHaveRun
  }
}

/** The server answered with an HTTP status that is not 2xx; go-ethereum's `HTTPError`. */
export class RpcHttpError extends RpcConnectionError {
  override readonly name = 'RpcHttpError'
  readonly status: number
  /** The first 8 KiB of what it said. */
  readonly body: string

  constructor(status: number, body: string) {
    const said = body.trim()
    super('ERR_RPC_HTTP', `HTTP status ${status}${said ? `: ${said.slice(0, 200)}` : ''}`, {
      mayHaveRun: status >= 500,
    })
    this.status = status
    this.body = body
  }
}

/** For calls that were on their way. */
export function lostConnection(why: string, cause?: unknown): RpcConnectionError {
  return new RpcConnectionError('ERR_RPC_CONNECTION', `the connection was lost: ${why}`, { mayHaveRun: true, cause })
}

/** For what the other side would refuse after all of it had been sent. */
export function tooLarge(text: string, max: number): RpcError {
  const message = `the request is too large: ${text.length} characters, at most ${max}`
  return new RpcError(RpcErrorCode.InvalidRequest, message)
}

/** go-ethereum's `ErrNoResult` and `ErrMissingBatchResponse`. */
export function missingResponse(method: string): RpcConnectionError {
  return new RpcConnectionError('ERR_RPC_ANSWER', `the server sent no answer to ${method}`, { mayHaveRun: true })
}

/** The notifier read more slowly than the server sent; go-ethereum's `ErrSubscriptionQueueOverflow`. */
export class RpcOverflowError extends PeerloomError {
  override readonly name = 'RpcOverflowError'
  /** Values that were waiting to be read. */
  readonly held: number

  constructor(held: number) {
    super('ERR_RPC_OVERFLOW', `the subscription has ended: ${held} values were waiting to be read`)
    this.held = held
  }
}

/** `error` in an answer. Source: JSON-RPC 2.0 section 5.1. */
export interface RpcErrorObject {
  readonly code: number
  readonly message: string
  readonly data?: unknown
}

/** What JavaScript throws when the program is wrong, not the caller. */
const FAULTS: readonly unknown[] = [TypeError, RangeError, ReferenceError, SyntaxError]

/** Whether what a method threw is a fault in the method, to be logged with its stack and not shown to the caller. */
export function isCrash(error: unknown): boolean {
  return !(error instanceof Error) || FAULTS.includes(error.constructor)
}

/** What the caller is told of what a method threw: never a stack. */
export function toErrorObject(error: unknown): RpcErrorObject {
  if (error instanceof RpcError) {
    const { errorCode, message, data } = error
    return { code: errorCode, message, ...(data !== undefined && { data }) }
  }
  if (error instanceof TimeoutError) return { code: RpcErrorCode.Timeout, message: 'request timed out' }
  if (isCrash(error)) return { code: RpcErrorCode.Internal, message: 'method handler crashed' }
  return { code: RpcErrorCode.Default, message: (error as Error).message.split('\n', 1)[0] || 'failed' }
}
