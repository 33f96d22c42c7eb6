/**
 * Streams of bytes between machines, over TCP or inside one process for tests and simulations, and IP addresses. Knows
 * nothing of peers, frames or encryption.
 * Start at `network.ts`, the interfaces; `tcp.ts` and `memory.ts` implement them.
 * @module
 */
export { IpRanges, ipFromBytes, ipToBytes, isLan, isLoopback, netgroupKey, parseIp } from './ip.ts'
export { type Latency, MemoryNetwork, type MemoryNetworkOptions } from './memory.ts'
export {
  type ByteStream,
  CLOSE_TIMEOUT,
  type ConnectOptions,
  type Endpoint,
  formatEndpoint,
  type HostAndPort,
  type Listener,
  type ListenOptions,
  type Network,
  type StreamSink,
} from './network.ts'
export { TcpNetwork, tcpNetwork } from './tcp.ts'
