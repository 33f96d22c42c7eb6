/**
 * What tests of protocols stand on, ours and our users': a clock that is turned by hand, transports and networks without
 * sockets, and two peers joined in one call. No test runner is needed, and none is brought along.
 * Start reading at `peer-pair.ts`.
 * @module
 */
export { FakeClock } from '../base/clock.ts'
export { type Latency, MemoryNetwork, type MemoryNetworkOptions } from '../net/index.ts'
export { type PipeOptions, transportPipe } from '../peer/index.ts'
export { expectMessage } from './expect-message.ts'
export { type PeerPair, type PeerPairOptions, peerPair } from './peer-pair.ts'
export { puppet } from './puppet.ts'
