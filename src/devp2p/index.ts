/**
 * Ethereum's devp2p: RLPx, Hello and capabilities, and the {@link Server} that accepts, dials and admits peers. Knows no
 * sub-protocol: those are options of the server.
 * Start reading at `server/server.ts`; `connect.ts` sets one connection up; `rlpx/` is the encrypted transport.
 * @module
 */

// Encodings, identities, connections and peers, for programs that use the server.
export { rlp } from '../codec/index.ts'
export {
  type Enode,
  Enr,
  type EnrEntries,
  type EnrOptions,
  formatEnode,
  LocalNode,
  type LocalNodeOptions,
  NodeKey,
  parseEnode,
} from '../identity/index.ts'
export {
  type ByteStream,
  type ConnectOptions,
  type Endpoint,
  type HostAndPort,
  type Listener,
  type ListenOptions,
  type Network,
  type StreamSink,
  tcpNetwork,
} from '../net/index.ts'
export * from '../peer/index.ts'
export { type BanInfo, Reputation, type ReputationOptions, type ReputationRecord } from '../pool/index.ts'
export { capabilitiesOf, formatCapability, matchProtocols } from './capabilities.ts'
export { DisconnectReason, disconnected, disconnectReasonOf, disconnectText } from './disconnect.ts'
export { type Greeting, type GreetOptions, greet } from './greet.ts'
export type { Capability, Hello } from './hello.ts'
export { type PingOptions, type PingResult, ping } from './ping.ts'
export { type RlpxInitiateOptions, type RlpxOptions, RlpxTransport } from './rlpx/index.ts'
export {
  type ListenAddress,
  type NodeInfo,
  type PeerInfo,
  Server,
  type ServerEvent,
  type ServerOptions,
  ServerPeer,
} from './server/index.ts'
