/**
 * Definition of APIs. An API is a plain object: a function is a method, an async generator a subscription. Parameters of
 * those made with {@link method} are checked, and described by `rpc.discover`.
 * @module
 */
import type { z } from 'zod'
import { ConfigError } from '../../base/errors.ts'

/** The caller of a method, and the signal that ends the call. */
export interface CallContext {
  /** Aborts when the caller has disconnected or unsubscribed, or the deadline of the call has passed. */
  readonly signal: AbortSignal
  readonly remote: RpcRemote
}

/** The remote end of a connection. */
export interface RpcRemote {
  readonly transport: 'http' | 'ws' | 'ipc' | 'inproc'
  /** `ip:port`; empty for IPC and in process. */
  readonly address: string
  readonly userAgent?: string | undefined
  readonly origin?: string | undefined
  /** Calls a method that the caller has registered; undefined over HTTP, which carries calls one way. */
  readonly call?: (<T>(method: string, params?: readonly unknown[]) => Promise<T>) | undefined
}

// biome-ignore lint/suspicious/noExplicitAny: functions of every shape
export type AnyFunction = (...args: any[]) => unknown

/**
 * Methods by name: `getBlock` in the namespace `eth` is `eth_getBlock` on the wire. Properties that are not functions are
 * ignored; methods of a class count. A generator that is not made with {@link method} gets the signal as its last parameter,
 * and none of its parameters may have a default value: JavaScript does not count those.
 */
export type Api = object

/** A parameter: a name for the description, and a schema to check it with. */
export interface Param<T = unknown> {
  readonly name: string
  readonly schema: z.ZodType<T>
}

/** Defines a parameter. Those with an `optional()` schema must come last. */
export function param<T>(name: string, schema: z.ZodType<T>): Param<T> {
  return { name, schema }
}

type Values<P extends readonly Param[]> = { -readonly [K in keyof P]: P[K] extends Param<infer T> ? T : never }
/** Parameter list in which trailing parameters that may be undefined are optional. */
type Arguments<V extends readonly unknown[]> = V extends readonly [...infer Head, infer Last]
  ? undefined extends Last
    ? [...Arguments<Head>, last?: Last]
    : [...V]
  : []

export interface MethodSpec<P extends readonly Param[] = readonly Param[]> {
  /** One line for `rpc.discover`. */
  readonly summary: string
  readonly params: P
  /** Schema of the result for `rpc.discover`; results are not checked against it. */
  readonly result?: z.ZodType
}

const SPEC = Symbol('peerloom.rpc.spec')

/**
 * Defines a method whose parameters are checked before it runs; the error of a mismatch is -32602. The handler gets the
 * values that the schemas return, then the {@link CallContext}. An async generator defines a subscription. Throws a
 * ConfigError (`handler`).
 */
export function method<const P extends readonly Param[], R>(
  spec: MethodSpec<P>,
  handler: (...args: [...Values<P>, CallContext]) => R,
): (...args: Arguments<Values<P>>) => R {
  if (SPEC in handler)
    throw new ConfigError('handler', 'already passed to method()', { hint: 'use a separate function for each method' })
  return Object.assign(handler as never, { [SPEC]: spec })
}

/** @returns the spec of a function made with {@link method}, undefined for a plain function */
export function specOf(fn: AnyFunction): MethodSpec | undefined {
  return (fn as { [SPEC]?: MethodSpec })[SPEC]
}

/** @returns true for an async generator function */
export function isSubscription(fn: AnyFunction): boolean {
  return Object.prototype.toString.call(fn) === '[object AsyncGeneratorFunction]'
}
