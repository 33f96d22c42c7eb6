/**
 * What only Node's own properties tell. Where one of them is missing, we get along without.
 * @module
 */
import type { Duplex } from 'node:stream'

/** Bytes of the chunk that is being written which the system has not taken yet: `writableLength` falls by whole chunks only. */
export function queuedBytes(socket: Duplex): number {
  return (socket as { _handle?: { writeQueueSize?: number } | null })._handle?.writeQueueSize ?? 0
}
