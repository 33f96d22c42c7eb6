/**
 * Support for tests of protocols, our own and our users': a clock that the test advances, transports and networks
 * without sockets, and two peers joined in one call. Needs no test runner and brings none.
 * Start reading at `peer-pair.ts`.
 * @module
 */
export { FakeClock } from '../base/clock.ts'
export { type Latency, MemoryNetwork, type MemoryNetworkOptions } from '../net/index.ts'
export { type PipeOptions, transportPipe } from '../peer/index.ts'
export { expectMessage, type PeerPair, type PeerPairOptions, peerPair, scriptedProtocol } from './peer-pair.ts'
