/**
 * Connected node as the server knows it: its peer and its identity.
 * @module
 */
import { bytesToHex } from '../../base/bytes.ts'
import { type Enode, type Enr, formatEnode } from '../../identity/index.ts'
import { type Endpoint, formatEndpoint } from '../../net/index.ts'
import type { AnyProtocol, Peer } from '../../peer/index.ts'
import type { BaseProtocol } from '../base-protocol.ts'
import { formatCapability } from '../capabilities.ts'
import { DisconnectReason, disconnected } from '../disconnect.ts'
import type { Hello } from '../hello.ts'
import type { RlpxTransport } from '../rlpx/index.ts'
import type { PeerInfo } from './peer-info.ts'

/** Origin of a connection; `trusted` may change while it lives. */
export interface ConnectionFlags {
  readonly inbound: boolean
  readonly static: boolean
  trusted: boolean
}

/** A node to dial, and the record that its endpoint is from, if any. */
export interface DialedNode extends Enode {
  readonly record?: Enr
}

export interface ServerPeerParts {
  readonly peer: Peer
  readonly transport: RlpxTransport
  readonly hello: Hello
  readonly flags: ConnectionFlags
  readonly base: BaseProtocol
  /** Dialed node, for outbound peers. */
  readonly dialed?: DialedNode | undefined
}

export class ServerPeer {
  /** Connection with its protocols. */
  readonly peer: Peer
  readonly hello: Hello
  /** Time ({@link Clock.now}) at which it became a peer. */
  readonly since: number
  readonly #transport: RlpxTransport
  readonly #flags: ConnectionFlags
  readonly #base: BaseProtocol
  readonly #dialed: DialedNode | undefined

  constructor(parts: ServerPeerParts) {
    this.peer = parts.peer
    this.hello = parts.hello
    this.since = parts.peer.clock.now()
    this.#transport = parts.transport
    this.#flags = parts.flags
    this.#base = parts.base
    this.#dialed = parts.dialed
  }

  /** keccak-256 of the public key, 64 hex digits. */
  get id(): string {
    return this.peer.id
  }

  /** Client name of the remote. */
  get name(): string {
    return this.hello.clientId
  }

  get publicKey(): Uint8Array {
    return this.#transport.remotePublicKey
  }

  get inbound(): boolean {
    return this.#flags.inbound
  }

  get static(): boolean {
    return this.#flags.static
  }

  get trusted(): boolean {
    return this.#flags.trusted
  }

  /** @internal Set by the server. */
  set trusted(trusted: boolean) {
    this.#flags.trusted = trusted
  }

  get local(): Endpoint {
    return this.#transport.local
  }

  get remote(): Endpoint {
    return this.#transport.remote
  }

  /** enode URL that was dialed; for inbound peers one with their source port. */
  get enode(): string {
    const { ip, port } = this.remote
    return formatEnode(this.#dialed ?? { publicKey: this.publicKey, host: ip, tcpPort: port, udpPort: port })
  }

  /** Round-trip time of the last ping in milliseconds; undefined before the first pong. */
  get roundTrip(): number | undefined {
    return this.#base.roundTrip
  }

  /** Bytes on the wire, handshake included. */
  get traffic(): { readonly bytesIn: number; readonly bytesOut: number } {
    const { bytesIn, bytesOut } = this.#transport
    return { bytesIn, bytesOut }
  }

  /** Sends a Disconnect and closes the connection. @default DisconnectReason.Requested */
  disconnect(reason: number = DisconnectReason.Requested): void {
    this.peer.close(disconnected('local', reason))
  }

  /** go-ethereum's `admin_peers` entry. */
  info(): PeerInfo {
    const record = this.#dialed?.record
    return {
      ...(record && { enr: record.toString() }),
      enode: this.enode,
      id: this.id,
      name: this.name,
      caps: this.hello.capabilities.map(formatCapability),
      network: {
        localAddress: formatEndpoint(this.local.ip, this.local.port),
        remoteAddress: formatEndpoint(this.remote.ip, this.remote.port),
        inbound: this.inbound,
        trusted: this.trusted,
        static: this.static,
      },
      protocols: Object.fromEntries(this.peer.protocols.map((p) => [p.name, protocolInfo(p, this.id)])),
    }
  }

  toString(): string {
    return `${bytesToHex(this.publicKey).slice(0, 16)}@${this.remote.ip}:${this.remote.port}`
  }
}

function protocolInfo(protocol: AnyProtocol, peerId: string): unknown {
  return protocol.peerInfo ? (protocol.peerInfo(peerId) ?? 'handshake') : 'unknown'
}
