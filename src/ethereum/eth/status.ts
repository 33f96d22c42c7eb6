import { bytesTo0x, equalBytes } from '../../base/bytes.ts'
import { ProtocolError, TimeoutError } from '../../base/errors.ts'
import { DisconnectReason } from '../../devp2p/index.ts'
import type { Channel } from '../../peer/index.ts'
import type { ChainSource } from './chain-source.ts'
import type { BlockRange, Status } from './codecs.ts'
import type { AnyEthMessages, EthVersion } from './messages.ts'
import { violation } from './violations.ts'

/** Milliseconds until the remote's Status must arrive. Source: go-ethereum eth/protocols/eth/handshake.go. */
export const HANDSHAKE_TIMEOUT = 5_000

export interface HandshakeOptions {
  readonly chain: ChainSource
  readonly networkId: bigint
  readonly version: EthVersion
}

/**
 * Exchanges Status and checks the remote's, in go-ethereum's order. Throws `ProtocolError`: ERR_ETH_NO_STATUS,
 * ERR_ETH_NETWORK_ID, ERR_ETH_VERSION, ERR_ETH_GENESIS, ERR_ETH_FORK_ID, ERR_ETH_BLOCK_RANGE; `CodecError` on a
 * malformed one.
 */
export async function handshake(channel: Channel<AnyEthMessages>, options: HandshakeOptions): Promise<Status> {
  channel.send('Status', ourStatus(options))
  const status = await remoteStatus(channel)
  checkStatus(status, options)
  return status
}

/** @returns the range of blocks that a chain can serve. */
export function rangeOf({ head, earliest }: ChainSource): BlockRange {
  return { earliest: Math.min(earliest, head.number), latest: head.number, latestHash: head.hash }
}

/** Checks a range. Throws `ERR_ETH_BLOCK_RANGE`. */
export function checkRange({ earliest, latest, latestHash }: BlockRange): void {
  if (earliest > latest) throw violation('ERR_ETH_BLOCK_RANGE', `block range from ${earliest} to ${latest}`)
  if (latestHash.every((byte) => byte === 0)) throw violation('ERR_ETH_BLOCK_RANGE', 'latest block without a hash')
}

function ourStatus({ chain, networkId, version }: HandshakeOptions): Status {
  const common = { version, networkId, genesisHash: chain.genesisHash, forkId: chain.forkId() }
  if (version >= 69) return { ...common, ...rangeOf(chain) }
  return { ...common, totalDifficulty: chain.head.totalDifficulty, headHash: chain.head.hash }
}

async function remoteStatus(channel: Channel<AnyEthMessages>): Promise<Status> {
  try {
    return await channel.expect('Status', { timeout: HANDSHAKE_TIMEOUT })
  } catch (error) {
    if (error instanceof TimeoutError) {
      const options = { disconnectReason: DisconnectReason.ReadTimeout, penalty: 0, cause: error } // slow is no fault
      throw violation('ERR_ETH_NO_STATUS', 'no Status in time', options)
    }
    if (!(error instanceof ProtocolError) || error.code !== 'ERR_UNEXPECTED_MESSAGE') throw error
    throw violation('ERR_ETH_NO_STATUS', 'the first message is not a Status', { cause: error })
  }
}

function checkStatus(status: Status, { chain, networkId, version }: HandshakeOptions): void {
  if (status.networkId !== networkId)
    throw violation('ERR_ETH_NETWORK_ID', `network ${status.networkId}, not ${networkId}`)
  if (status.version !== version) {
    throw violation('ERR_ETH_VERSION', `Status of eth/${status.version}, although eth/${version} was agreed on`)
  }
  if (!equalBytes(status.genesisHash, chain.genesisHash)) {
    throw violation('ERR_ETH_GENESIS', `genesis ${bytesTo0x(status.genesisHash)}, not ${bytesTo0x(chain.genesisHash)}`)
  }
  const refusal = chain.forkFilter(status.forkId)
  if (refusal !== undefined) throw violation('ERR_ETH_FORK_ID', `fork id ${bytesTo0x(status.forkId.hash)}: ${refusal}`)
  if ('latest' in status) checkRange(status)
}
