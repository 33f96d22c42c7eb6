/**
 * Interface of a log. The node passes one that writes; the library is silent unless it is given one.
 * @module
 */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error'

/** Fields of a log line, written after the message as `key=value`, or as JSON. */
export type LogFields = Readonly<Record<string, unknown>>

export interface Logger {
  trace(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** Returns the same log with these fields on every line. */
  child(fields: LogFields): Logger
}

const nothing = (): void => {}

/** Logs nothing. The default everywhere. */
export const silentLogger: Logger = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLogger,
}
