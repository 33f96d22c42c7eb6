/**
 * A protocol under test: two peers joined in memory, the script that stands in for one of the two protocols, and the
 * message that is expected of the other.
 * @module
 */
import { deepStrictEqual } from 'node:assert/strict'
import { InternalError } from '../base/errors.ts'
import {
  type AnyProtocol,
  type Channel,
  defineProtocol,
  type MessageBody,
  type MessageName,
  type MessageTable,
  type Peer,
  PeerConnection,
  type PeerOptions,
  type PipeOptions,
  type Protocol,
  type Transport,
  transportPipe,
  type WaitOptions,
} from '../peer/index.ts'

/** Settings of both peers, except identity and protocol, which {@link peerPair} sets. */
export type PeerPairOptions = Omit<PeerOptions, 'id' | 'inbound' | 'mounted'> & PipeOptions

/** Two live peers, one at each end of a pipe. Disposing the pair closes both and waits for them. */
export interface PeerPair<A extends MessageTable, B extends MessageTable> extends AsyncDisposable {
  /** End that dialed. */
  readonly a: Peer
  /** End that was dialed. */
  readonly b: Peer
  readonly channelA: Channel<A>
  readonly channelB: Channel<B>
}

/**
 * Runs one protocol against another, without sockets or encryption: go-ethereum's `MsgPipe` with a peer at each end.
 * With a {@link scriptedProtocol} as one of them the test itself speaks to the other.
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

/** Copies a protocol's messages without its behaviour: the test sends and receives on the channel itself. */
export function scriptedProtocol<const M extends MessageTable>(protocol: Protocol<M>): Protocol<M> {
  return defineProtocol<M>({
    name: protocol.name,
    version: protocol.version,
    ...(protocol.length !== undefined && { length: protocol.length }),
    messages: protocol.messages,
    run: ({ signal }) =>
      new Promise((resolve) => {
        if (signal.aborted) resolve()
        else signal.addEventListener('abort', () => resolve(), { once: true })
      }),
  })
}

/**
 * Expects the next message to have this name and exactly this body: go-ethereum's `ExpectMsg`. Throws node:assert's
 * `AssertionError` with the difference when the body is another, otherwise what {@link Channel.expect} throws.
 */
export async function expectMessage<M extends MessageTable, N extends MessageName<M>>(
  channel: Channel<M>,
  name: N,
  body: MessageBody<M[N]>,
  options: WaitOptions = {},
): Promise<void> {
  deepStrictEqual(await channel.expect(name, options), body)
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
