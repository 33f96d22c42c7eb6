/**
 * The error family. A handler asks the error (`code`, `penalty`, `retryAfter`, …) instead of climbing a ladder of
 * `instanceof`: every such property exists on the base class.
 * @module
 */

/** Stable, greppable name of an error's cause, such as `ERR_RLP_TRUNCATED`. */
export type ErrorCode = `ERR_${string}`

/** End of a connection that caused something. */
export type Side = 'local' | 'remote'

/** Every error this package throws on purpose. `code` is stable; the message is for people. */
export class PeerloomError extends Error {
  override readonly name: string = 'PeerloomError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  /**
   * Penalty for the peer that caused this, added to its score, which bans it at 100: 0 for what may be this side's fault or
   * the network's, 20 for a breach that a bug explains, 100 for what is proven false.
   */
  get penalty(): number {
    return 0
  }

  /** Milliseconds after which a retry makes sense; undefined when none does. */
  get retryAfter(): number | undefined {
    return undefined
  }
}

export interface CodecErrorOptions extends ErrorOptions {
  /** 0 to 100. @default 20 */
  readonly penalty?: number
}

/** Bytes that do not follow their format. Costs the sender the connection. */
export class CodecError extends PeerloomError {
  override readonly name = 'CodecError'
  /** Position in the input where it went wrong, in bytes. */
  readonly offset: number
  readonly #penalty: number

  constructor(code: ErrorCode, message: string, offset = 0, options: CodecErrorOptions = {}) {
    super(code, message, options)
    this.offset = offset
    this.#penalty = options.penalty ?? 20
  }

  override get penalty(): number {
    return this.#penalty
  }
}

export interface ProtocolErrorOptions extends ErrorOptions {
  /** 0 to 100. @default 20 */
  readonly penalty?: number
  /** Wire code of the farewell, where the network has one (devp2p: a Disconnect reason). */
  readonly disconnectReason?: number
}

/** A well-formed message that the protocol forbids. */
export class ProtocolError extends PeerloomError {
  override readonly name = 'ProtocolError'
  readonly disconnectReason: number | undefined
  readonly #penalty: number

  constructor(code: ErrorCode, message: string, options: ProtocolErrorOptions = {}) {
    super(code, message, options)
    this.#penalty = options.penalty ?? 20
    this.disconnectReason = options.disconnectReason
  }

  override get penalty(): number {
    return this.#penalty
  }
}

export interface HandshakeErrorOptions extends ErrorOptions {
  /** Milliseconds before a new attempt makes sense. */
  readonly retryAfter?: number
}

/** A connection that did not become a peer. `stage` is the step that failed. */
export class HandshakeError extends PeerloomError {
  override readonly name = 'HandshakeError'
  readonly stage: string
  readonly #retryAfter: number | undefined

  constructor(code: ErrorCode, stage: string, message: string, options: HandshakeErrorOptions = {}) {
    super(code, message, options)
    this.stage = stage
    this.#retryAfter = options.retryAfter
  }

  override get retryAfter(): number | undefined {
    return this.#retryAfter
  }
}

/**
 * The end of a peer, with the side that ended it and the reason. It is made for every connection and therefore has no
 * stack, which would take ten times as long as the rest: the `cause` has the stack of where the error was noticed.
 */
export class PeerClosedError extends PeerloomError {
  override readonly name = 'PeerClosedError'
  readonly side: Side
  /** Wire code of the farewell, where the network has one. */
  readonly disconnectReason: number | undefined

  constructor(side: Side, message: string, options: ErrorOptions & { readonly disconnectReason?: number } = {}) {
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    super('ERR_PEER_CLOSED', message, options)
    Error.stackTraceLimit = stackTraceLimit
    this.side = side
    this.disconnectReason = options.disconnectReason
  }

  override get penalty(): number {
    return this.cause instanceof PeerloomError ? this.cause.penalty : 0
  }
}

/** An operation that took longer than its limit. */
export class TimeoutError extends PeerloomError {
  override readonly name = 'TimeoutError'
  /** Limit that was exceeded, in milliseconds. */
  readonly timeout: number

  constructor(what: string, timeout: number, options?: ErrorOptions) {
    super('ERR_TIMEOUT', `${what}: no result within ${timeout} ms`, options)
    this.timeout = timeout
  }
}

export interface ConfigErrorOptions extends ErrorOptions {
  /** Remedy, as one sentence. */
  readonly hint?: string
}

/** Invalid input of the user. Names the flag or field and the remedy; the CLI exits with 2. */
export class ConfigError extends PeerloomError {
  override readonly name = 'ConfigError'
  /** Flag (`--port`), or path of the option at fault (`p2p.listen.port`). */
  readonly field: string
  /** Message without the field and the hint. */
  readonly reason: string
  readonly hint: string | undefined

  constructor(field: string, reason: string, options: ConfigErrorOptions = {}) {
    super('ERR_CONFIG', `${field}: ${reason}${options.hint ? ` (${options.hint})` : ''}`, options)
    this.field = field
    this.reason = reason
    this.hint = options.hint
  }

  /** The same error about another field; this one is its cause. */
  withField(field: string): ConfigError {
    return new ConfigError(field, this.reason, { cause: this, ...(this.hint !== undefined && { hint: this.hint }) })
  }
}

/** Name of a field, or its new name made of the old one: `(field) => \`http.${field}\``. */
export type FieldName = string | ((field: string) => string)

/** Runs `work`; a ConfigError that it throws names the field given instead of its own. */
export function atField<T>(name: FieldName, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw renamed(name, error)
  }
}

/** {@link atField} for asynchronous work. */
export async function atFieldAsync<T>(name: FieldName, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw renamed(name, error)
  }
}

function renamed(name: FieldName, error: unknown): unknown {
  if (!(error instanceof ConfigError)) return error
  return error.withField(typeof name === 'string' ? name : name(error.field))
}

/** A store that failed, or that holds invalid data. */
export class StorageError extends PeerloomError {
  override readonly name = 'StorageError'
  /** Folder or file concerned; empty for a store in memory. */
  readonly path: string

  constructor(code: ErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(code, message, options)
    this.path = path
  }
}

/** A bug in this package: something happened that must not. */
export class InternalError extends PeerloomError {
  override readonly name = 'InternalError'

  constructor(message: string, options?: ErrorOptions) {
    super('ERR_INTERNAL', message, options)
  }
}

/** Converts a thrown value to text. A value of any kind may itself throw when it is read. */
function textOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? String(thrown.message || thrown.name || '') : String(thrown)
  } catch {
    return 'something that cannot be shown'
  }
}

/** @returns the cause of an error, as far as it can be read */
function causeOf(thrown: unknown): unknown {
  try {
    return thrown instanceof Error ? thrown.cause : undefined
  } catch {
    return undefined
  }
}

/** Describes a thrown value in one line for people: its message, then those of its causes. Never throws. */
export function describeError(error: unknown): string {
  const parts: string[] = []
  for (let e: unknown = error, depth = 0; e !== undefined && e !== null && depth < 5; depth++) {
    const text = textOf(e)
    if (!parts.at(-1)?.includes(text)) parts.push(text)
    e = causeOf(e)
  }
  return parts.join(': ')
}
