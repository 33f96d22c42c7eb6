/**
 * Options of a server, their checks and defaults.
 * @module
 */
import { equalBytes } from '../../base/bytes.ts'
import { type Clock, systemClock } from '../../base/clock.ts'
import { atField, ConfigError } from '../../base/errors.ts'
import { type Logger, silentLogger } from '../../base/log.ts'
import { type Metrics, noMetrics } from '../../base/metrics.ts'
import { type Enode, type Enr, LocalNode, type NodeKey } from '../../identity/index.ts'
import { IpRanges, type Network, tcpNetwork } from '../../net/index.ts'
import { type AnyProtocol, type MessageKey, protocolLength } from '../../peer/index.ts'
import { Reputation } from '../../pool/index.ts'
import { BASE_LENGTH } from '../hello.ts'

/** Address to listen on. */
export interface ListenAddress {
  /** An IP address. @default every address of this machine */
  readonly host?: string
  readonly port: number
}

export interface ServerOptions {
  /** Identity of this node. */
  readonly key: NodeKey
  /** This node's record, for an owner that keeps it over restarts; of the same key. @default a new one */
  readonly localNode?: LocalNode
  /** Protocols to run with each peer; several versions of one name are allowed. */
  readonly protocols: readonly AnyProtocol[]
  /** `host:port`, `[v6]:port` or `:port`, or its parts; port 0 takes a free one. @default not listening */
  readonly listen?: string | ListenAddress
  /** Client name in Hello. @default 'peerloom' */
  readonly name?: string
  /** Most peers, trusted nodes apart. @default 50 */
  readonly maxPeers?: number
  /** Pending handshakes, inbound and outbound each; 0 is the default. @default 50 */
  readonly maxPendingPeers?: number
  /** One in so many peers is dialed; 0 is the default. @default 3 */
  readonly dialRatio?: number
  /** Most peers dialed, apart from static and trusted nodes. @default maxPeers / dialRatio, at least 1 */
  readonly maxDialed?: number
  /** Most peers that come in, apart from trusted nodes. @default maxPeers - maxDialed */
  readonly maxInbound?: number
  /** Milliseconds in which a candidate is not dialed a second time. @default 35000 */
  readonly redialInterval?: number
  /** Enode URLs kept connected. Like go-ethereum's, they count towards `maxPeers`. */
  readonly staticNodes?: readonly string[]
  /** Enode URLs let in beyond `maxPeers`. */
  readonly trustedNodes?: readonly string[]
  /** Nodes dialed while there are free slots, such as discovery finds them. A record without an endpoint is skipped. */
  readonly candidates?: AsyncIterable<Enode | Enr>
  /**
   * Milliseconds of a node's first ban by its score; each further one is twice as long, up to a day. Without effect beside
   * `reputation`. @default 3600000
   */
  readonly banTimeout?: number
  /** Scores and bans, for an owner that keeps or shares them. @default new ones, which end with the server */
  readonly reputation?: Reputation
  /**
   * Address ranges to accept from and dial to, such as `10.0.0.0/8,192.168.0.0/16`, as one text or a list; an empty list
   * is all. @default all
   */
  readonly netRestrict?: string | readonly string[]
  /** False for a server that never dials. @default true */
  readonly dials?: boolean
  /** Decision on each inbound connection, after the server's own checks; false refuses it. */
  readonly onInbound?: (ip: string) => boolean
  /** Closes the server when it aborts. */
  readonly signal?: AbortSignal
  /** @default tcpNetwork */
  readonly network?: Network
  /** @default systemClock */
  readonly clock?: Clock
  /** Source of random numbers in [0, 1). @default Math.random */
  readonly random?: () => number
  /** @default silentLogger */
  readonly log?: Logger
  /** @default noMetrics */
  readonly metrics?: Metrics
}

/** go-ethereum's `defaultMaxPendingPeers`. */
export const MAX_PENDING_PEERS = 50
/** Characters of a capability's name (devp2p spec). */
const MAX_NAME_LENGTH = 8

/** Options that are passed on as given: undefined, or the default of the part that uses them. */
type PassedOn =
  | 'maxPeers'
  | 'dialRatio'
  | 'maxDialed'
  | 'maxInbound'
  | 'redialInterval'
  | 'candidates'
  | 'dials'
  | 'onInbound'
  | 'signal'
/** Options that are held in another form, or not at all: the lists of nodes change while the server runs. */
type Converted = 'listen' | 'netRestrict' | 'staticNodes' | 'trustedNodes' | 'banTimeout'

/** Options with their defaults. */
export interface Settings extends Required<Omit<ServerOptions, PassedOn | Converted>>, Pick<ServerOptions, PassedOn> {
  readonly listen: ListenAddress | undefined
  readonly netRestrict: IpRanges | undefined
}

/** Options that are whole numbers from 0. */
const COUNTS = [
  'maxPeers',
  'maxPendingPeers',
  'dialRatio',
  'maxDialed',
  'maxInbound',
  'redialInterval',
  'banTimeout',
] as const

/** Copies the options and fills in the defaults. Throws a `ConfigError` that names the field at fault. */
export function settingsOf(options: ServerOptions): Settings {
  checkProtocols(options.protocols)
  for (const field of COUNTS) checkCount(field, options[field])
  const { key, listen, clock = systemClock, localNode = new LocalNode({ key, clock }) } = options
  if (!equalBytes(localNode.key.publicKey, key.publicKey)) throw new ConfigError('localNode', 'has another key')
  return {
    ...options,
    localNode,
    protocols: [...options.protocols],
    listen: typeof listen === 'string' ? parseListen(listen) : listen,
    name: options.name ?? 'peerloom',
    maxPendingPeers: options.maxPendingPeers || MAX_PENDING_PEERS,
    reputation: options.reputation ?? new Reputation({ clock, banTimeout: options.banTimeout }),
    netRestrict: rangesOf(options.netRestrict),
    network: options.network ?? tcpNetwork,
    clock,
    random: options.random ?? Math.random,
    log: (options.log ?? silentLogger).child({ module: 'devp2p' }),
    metrics: options.metrics ?? noMetrics,
  }
}

function rangesOf(netRestrict: ServerOptions['netRestrict'] = []): IpRanges | undefined {
  if (typeof netRestrict !== 'string' && netRestrict.length === 0) return undefined
  return atField('netRestrict', () => IpRanges.parse(String(netRestrict)))
}

function checkProtocols(protocols: readonly AnyProtocol[]): void {
  const seen = new Set<string>()
  for (const protocol of protocols) {
    const { name, version } = protocol
    if (!name || name.length > MAX_NAME_LENGTH || !/^[\x21-\x7e]+$/.test(name)) {
      throw new ConfigError('protocols', `${JSON.stringify(name)} is not a name of 1 to 8 ASCII characters`)
    }
    if (seen.has(`${name}/${version}`)) throw new ConfigError('protocols', `${name}/${version} is listed twice`)
    seen.add(`${name}/${version}`)
    if (!isCount(version)) throw new ConfigError('protocols', `${name}: ${version} is not a version`)
    checkMessages(protocol)
  }
}

/** Checks that the message codes of a protocol are distinct and within its length, which the offsets depend on. */
function checkMessages(protocol: AnyProtocol): void {
  const { name, messages } = protocol
  const length = protocolLength(protocol)
  if (!isCount(length) || length > 0xffff - BASE_LENGTH) {
    throw new ConfigError('protocols', `${name}: ${length} is not a count of messages`)
  }
  const seen = new Set<MessageKey>()
  for (const [word, { key }] of Object.entries(messages)) {
    if (!isCount(key) || key >= length) {
      throw new ConfigError('protocols', `${name}: code ${key} of ${word} is not from 0 to ${length - 1}`)
    }
    if (seen.has(key)) throw new ConfigError('protocols', `${name}: two messages have code ${key}`)
    seen.add(key)
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function checkCount(field: string, value: number | undefined): void {
  if (value !== undefined && !isCount(value)) {
    throw new ConfigError(field, `${value} is not a count`, { hint: 'a whole number, 0 or more' })
  }
}

const LISTEN = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/

function parseListen(listen: string): ListenAddress {
  const match = LISTEN.exec(listen)
  const port = Number(match?.[3])
  if (!match || port > 65_535) {
    throw new ConfigError('listen', `cannot listen on ${JSON.stringify(listen)}`, {
      hint: 'such as 127.0.0.1:30303 or :0',
    })
  }
  const host = match[1] ?? match[2]
  return host ? { host, port } : { port }
}
