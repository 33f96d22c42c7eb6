/**
 * The {@link Server}: accepts, dials and admits peers, and runs the protocols with each. Does not set a single connection
 * up: that is `../connect.ts`.
 * Start reading at `server.ts`; `admission.ts` decides which connection becomes a peer.
 * @module
 */
export type { ServerEvent } from './events.ts'
export type { ListenAddress, ServerOptions } from './options.ts'
export type { NodeInfo, PeerInfo } from './peer-info.ts'
export { Server } from './server.ts'
export { ServerPeer } from './server-peer.ts'
