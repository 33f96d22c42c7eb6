/**
 * The words every part of Peerloom shares: errors, tasks and queues that end in order, the clock, logs and meters as
 * interfaces, RLP, and the peer that carries many protocols. Networks are behind the other subpaths: `peerloom/devp2p`,
 * `peerloom/ethereum`, `peerloom/node`, `peerloom/testing`.
 * @module
 */
export { bytesToHex, equalBytes, hexToBytes } from './base/bytes.ts'
export { type Clock, systemClock, type Timer } from './base/clock.ts'
export * from './base/errors.ts'
export { Events, type SubscribeOptions, type Subscription } from './base/events.ts'
export { type LogFields, type Logger, type LogLevel, silentLogger } from './base/log.ts'
export { type Counter, type Metrics, noMetrics } from './base/metrics.ts'
export { Queue, type QueueOptions } from './base/queue.ts'
export { Scope, type ScopeOptions } from './base/scope.ts'
export { type Codec, type RlpType, rlp, type TypeOf } from './codec/index.ts'
export * from './peer/index.ts'
