/**
 * What a server offers: an API is a plain object. A function is a method, an async generator a subscription; those made
 * with {@link method} have their parameters checked, and are described to callers by `rpc.discover`.
 * @module
 */
import type { z } from 'zod'
import { ConfigError } from '../../base/errors.ts'

/** Who calls, and for how long the answer is wanted. */
export interface CallContext {
  /** Aborts when the caller has gone, has unsubscribed, or the time for the call is over. */
  readonly signal: AbortSignal
  readonly remote: RpcRemote
}

export interface RpcRemote {
  readonly transport: 'http' | 'ws' | 'ipc' | 'inproc'
  /** `ip:port`; empty where there is none. */
  readonly address: string
  readonly userAgent?: string | undefined
  readonly origin?: string | undefined
  /** Calls a method of the caller's own; undefined where the connection goes one way (HTTP). */
  readonly call?: (<T>(method: string, params?: readonly unknown[]) => Promise<T>) | undefined
}

// biome-ignore lint/suspicious/noExplicitAny: functions of every shape
export type AnyFunction = (...args: any[]) => unknown

/**
 * Methods by name: `getBlock` in the namespace `eth` is `eth_getBlock` on the wire. What is not a function is passed over; of an
 * instance those of its class count. A generator that is not made with {@link method} gets the signal as its last parameter,
 * and no parameter of it may have a default value: JavaScript does not say how many there are then.
 */
export type Api = object

/** One parameter: its name, for people, and what it may be. */
export interface Param<T = unknown> {
  readonly name: string
  readonly schema: z.ZodType<T>
}

/** `optional()` schemas may stand at the end of a parameter list only. */
export function param<T>(name: string, schema: z.ZodType<T>): Param<T> {
  return { name, schema }
}

type Values<P extends readonly Param[]> = { -readonly [K in keyof P]: P[K] extends Param<infer T> ? T : never }
/** Parameters that may be undefined may be left out. */
type Arguments<V extends readonly unknown[]> = V extends readonly [...infer Head, infer Last]
  ? undefined extends Last
    ? [...Arguments<Head>, last?: Last]
    : [...V]
  : []

export interface MethodSpec<P extends readonly Param[] = readonly Param[]> {
  /** One line, for `rpc.discover`. */
  readonly summary: string
  readonly params: P
  /** What the result looks like, for `rpc.discover`; results are not checked against it. */
  readonly result?: z.ZodType
}

const SPEC = Symbol('peerloom.rpc.spec')

/**
 * A method whose parameters are checked before it runs: what does not fit is answered with -32602. The handler gets them as
 * the schemas made them, then the {@link CallContext}. An async generator makes it a subscription.
 */
export function method<const P extends readonly Param[], R>(
  spec: MethodSpec<P>,
  handler: (...args: [...Values<P>, CallContext]) => R,
): (...args: Arguments<Values<P>>) => R {
  if (SPEC in handler)
    throw new ConfigError('handler', 'has been given to method() before', { hint: 'one of its own each' })
  return Object.assign(handler as never, { [SPEC]: spec })
}

/** What {@link method} was told of a function; undefined for a plain one. */
export function specOf(fn: AnyFunction): MethodSpec | undefined {
  return (fn as { [SPEC]?: MethodSpec })[SPEC]
}

/** Whether calls of it are subscriptions. */
export function isSubscription(fn: AnyFunction): boolean {
  return Object.prototype.toString.call(fn) === '[object AsyncGeneratorFunction]'
}
