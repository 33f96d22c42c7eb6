/**
 * Access to internals of Node, for what has no public API. Works without them, less precisely.
 * @module
 */
import type { Duplex } from 'node:stream'

/** Bytes of the chunk being written that the system has not taken yet: `writableLength` shrinks by whole chunks only. */
export function queuedBytes(socket: Duplex): number {
  return (socket as { _handle?: { writeQueueSize?: number } | null })._handle?.writeQueueSize ?? 0
}
