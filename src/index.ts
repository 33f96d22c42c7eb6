/**
 * The words that every part of Peerloom shares: errors, tasks and queues that end in order, the clock, logs and metrics as
 * interfaces, key-value stores, RLP, and the peer that carries many protocols. Networks, nodes and remote calls are behind the
 * other subpaths: `peerloom/devp2p`, `peerloom/ethereum`, `peerloom/node`, `peerloom/rpc`, `peerloom/testing`.
 * @module
 */
export { bytesToHex, equalBytes, hexToBytes } from './base/bytes.ts'
export { type Clock, systemClock, type Timer, type TimerOptions } from './base/clock.ts'
export * from './base/errors.ts'
export { Events, type SubscribeOptions, type Subscription } from './base/events.ts'
export { type LogFields, type Logger, type LogLevel, silentLogger } from './base/log.ts'
export { type Counter, type Metrics, noMetrics } from './base/metrics.ts'
export { Queue, type QueueOptions } from './base/queue.ts'
export { Scope, type ScopeOptions } from './base/scope.ts'
export { type Codec, type RlpType, rlp, type TypeOf } from './codec/index.ts'
export * from './peer/index.ts'
// Not through the room's index.ts, which leads to LevelDB: that is for `peerloom/node`.
export { MemoryStore } from './storage/memory.ts'
export type { KeyRange, KeyValueStore, Operation, WriteOptions } from './storage/store.ts'
