import { InternalError } from '../base/errors.ts'
import {
  type AnyProtocol,
  type Channel,
  type MessageTable,
  type Peer,
  PeerConnection,
  type PeerOptions,
  type PipeOptions,
  type Protocol,
  type Transport,
  transportPipe,
} from '../peer/index.ts'

/** Both peers get these; who they are and what they speak is set by {@link peerPair}. */
export type PeerPairOptions = Omit<PeerOptions, 'id' | 'inbound' | 'mounted'> & PipeOptions

/** Two live peers, one at each end of a pipe. Disposing it closes both and waits for them. */
export interface PeerPair<A extends MessageTable, B extends MessageTable> extends AsyncDisposable {
  /** The end that dialed. */
  readonly a: Peer
  /** The end that was called. */
  readonly b: Peer
  readonly channelA: Channel<A>
  readonly channelB: Channel<B>
}

/**
 * Runs one protocol against another, without sockets or encryption: go-ethereum's `MsgPipe` with a peer at each end. With
 * a {@link puppet} as one of them the test itself speaks to the other.
 */
export function peerPair<A extends MessageTable, B extends MessageTable>(
  protocolA: Protocol<A>,
  protocolB: Protocol<B>,
  options: PeerPairOptions = {},
): PeerPair<A, B> {
  const [left, right] = transportPipe(options)
  const a = launch(left, 'a', protocolA, options)
  const b = launch(right, 'b', protocolB, options)
  return {
    a,
    b,
    channelA: channelOf(a, protocolA),
    channelB: channelOf(b, protocolB),
    async [Symbol.asyncDispose]() {
      a.close('disposed')
      b.close('disposed')
      await Promise.all([a.closed, b.closed])
    },
  }
}

function launch(
  transport: Transport<number | string>,
  id: string,
  protocol: AnyProtocol,
  options: PeerPairOptions,
): Peer {
  return new PeerConnection(transport, { ...options, id, inbound: id === 'b', mounted: [{ protocol, offset: 0 }] })
}

function channelOf<M extends MessageTable>(peer: Peer, protocol: Protocol<M>): Channel<M> {
  const channel = peer.channel(protocol)
  if (!channel) throw new InternalError('a peer does not run the protocol it was made with')
  return channel
}
