/**
 * One real peer at one end of a pipe, and at the other end the bare wire in the hands of the test.
 * @module
 */
import { FakeClock } from '../../src/base/clock.ts'
import type { PeerClosedError } from '../../src/base/errors.ts'
import { rlp } from '../../src/codec/index.ts'
import {
  type AnyProtocol,
  type Channel,
  type Control,
  defineProtocol,
  type MessageKey,
  type MessageTable,
  message,
  type Peer,
  PeerConnection,
  type PeerOptions,
  type PipeOptions,
  type Protocol,
  protocolLength,
  type Transport,
  transportPipe,
} from '../../src/peer/index.ts'

const numbered = rlp.struct({ id: rlp.number })
const sized = rlp.struct({ id: rlp.number, data: rlp.bytes })

/** A table with one message of each kind. */
export const words = {
  hello: message(0, numbered, { maxBytes: 64 }),
  ask: message(1, numbered),
  answer: message(2, sized),
  bulk: message(3, rlp.bytes),
}
export type Words = typeof words

/** Wire end of a peer: frames received, end reported. */
export interface Wire {
  readonly peer: Peer
  readonly clock: FakeClock
  readonly end: Transport<MessageKey>
  readonly frames: { readonly key: MessageKey; readonly payload: Uint8Array }[]
  /** True once the peer closed its side. */
  readonly ended: boolean
  readonly keys: readonly MessageKey[]
  /** Puts an encoded message of {@link words} on the wire. */
  say<N extends keyof Words & string>(name: N, body: Parameters<Words[N]['codec']['encode']>[0], offset?: number): void
  /** Runs everything that is ready, without advancing the clock. */
  settle(): Promise<void>
}

export type WireOptions = Partial<Omit<PeerOptions, 'mounted' | 'clock'>> &
  PipeOptions & {
    /** Wraps the peer's end of the pipe. */
    readonly through?: (near: Transport<MessageKey>) => Transport<MessageKey>
  }

/** Mounts the protocols one after the other from offset 16, as devp2p does, and runs a peer over the pipe. */
export function wire(protocols: readonly AnyProtocol[], options: WireOptions = {}): Wire {
  const [near, end] = transportPipe(options)
  const clock = new FakeClock()
  const frames: { key: MessageKey; payload: Uint8Array }[] = []
  let ended = false
  end.open({ frame: (key, payload) => frames.push({ key, payload }), drain() {}, end: () => (ended = true) })
  const transport = options.through?.(near) ?? near
  const peer = new PeerConnection(transport, {
    id: 'near',
    inbound: false,
    ...options,
    clock,
    mounted: mount(protocols),
  })
  return {
    peer,
    clock,
    end,
    frames,
    get ended() {
      return ended
    },
    get keys() {
      return frames.map(({ key }) => key)
    },
    say(name, body, offset = 16) {
      const { key, codec } = words[name]
      end.write(key + offset, codec.encode(body as never))
    },
    settle: () => clock.advance(0),
  }
}

/** A transport that refuses payloads over a size by throwing, as RLPx does. */
export function refusing(maxBytes: number, error: unknown): (near: Transport<MessageKey>) => Transport<MessageKey> {
  return (near) => ({
    open: (sink) => near.open(sink),
    write(key, payload) {
      if (payload.length > maxBytes) throw error
      return near.write(key, payload)
    },
    pause: () => near.pause(),
    resume: () => near.resume(),
    close: () => near.close(),
    destroy: (reason) => near.destroy(reason),
  })
}

export function mount(
  protocols: readonly AnyProtocol[],
): { readonly protocol: AnyProtocol; readonly offset: number }[] {
  let next = 16
  return protocols.map((protocol) => {
    const offset = next
    next += protocolLength(protocol)
    return { protocol, offset }
  })
}

/** A protocol of {@link words} that runs `script`. */
export function speaking(
  run: (channel: Channel<Words>, peer: Peer) => Promise<unknown>,
  name = 'words',
): Protocol<Words> {
  return defineProtocol({
    name,
    version: 1,
    messages: words,
    run: async (peer, channel) => void (await run(channel, peer)),
  })
}

/** A protocol that leaves its channel to the test. */
export function idle(name = 'words'): Protocol<Words> {
  return speaking((_channel, peer) => aborted(peer.signal), name)
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

export function channelOf<M extends MessageTable>(peer: Peer, protocol: Protocol<M>): Channel<M> {
  const channel = peer.channel(protocol)
  if (!channel) throw new Error(`${protocol.name} does not run here`)
  return channel
}

/** Control that records the keys it sees and sends a farewell with key 1 and the reason as text. */
export function noting(seen: MessageKey[]): Control {
  return {
    frame: (_peer, key) => void seen.push(key),
    farewell: (reason: PeerClosedError) => ({ key: 1, payload: new TextEncoder().encode(reason.message) }),
  }
}
