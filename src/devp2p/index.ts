/**
 * Ethereum's devp2p: RLPx below, Hello and capabilities, and the {@link Server} that accepts, dials and admits peers. Knows
 * no sub-protocol: those are handed to it.
 * Start reading at `server.ts`; `connect.ts` is the way of one connection; `rlpx/` is the cipher.
 * @module
 */

export { rlp } from '../codec/index.ts'
// What a program on devp2p needs beside the server.
export { type Enode, Enr, formatEnode, NodeKey, parseEnode } from '../identity/index.ts'
export * from '../peer/index.ts'
export { PING_INTERVAL } from './base-protocol.ts'
export { INBOUND_THROTTLE } from './caller-gate.ts'
export { capabilitiesOf, formatCapability, matchProtocols } from './capabilities.ts'
export { DisconnectReason, disconnected, disconnectReasonOf, disconnectText } from './disconnect.ts'
export { BASE_LENGTH, BASE_VERSION, type Capability, type Hello } from './hello.ts'
export type { NodeInfo, PeerInfo } from './peer-info.ts'
export { type PingOptions, type PingResult, ping } from './ping.ts'
export * from './rlpx/index.ts'
export { DIAL_TIMEOUT, Server } from './server.ts'
export type { ServerEvent } from './server-events.ts'
export { MAX_PENDING_PEERS, type ServerOptions } from './server-options.ts'
export { ServerPeer } from './server-peer.ts'
