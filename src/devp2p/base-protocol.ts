/**
 * Base protocol after the Hello exchange: Disconnect, Ping, Pong.
 * @module
 */
import { type PeerClosedError, ProtocolError } from '../base/errors.ts'
import { type Control, Keepalive, type KeepaliveOptions, type MessageKey, type Peer } from '../peer/index.ts'
import { DisconnectReason, decodeDisconnect, disconnected, disconnectReasonOf, encodeDisconnect } from './disconnect.ts'
import { BaseCode } from './hello.ts'

/** Milliseconds between pings: go-ethereum's `pingInterval`. A missing pong is left to the transport's read deadline. */
export const PING_INTERVAL = 15_000

const EMPTY_LIST = Uint8Array.of(0xc0)

const KEEPALIVE: KeepaliveOptions = {
  interval: PING_INTERVAL,
  ping: (peer) => peer.sendControl(BaseCode.Ping, EMPTY_LIST),
}

export class BaseProtocol implements Control {
  #keepalive: Keepalive | undefined

  /** Round-trip time of the last ping in milliseconds; undefined before the first pong. */
  get roundTrip(): number | undefined {
    return this.#keepalive?.roundTrip
  }

  /** Starts the keepalive. */
  attach(peer: Peer): void {
    this.#keepalive = new Keepalive(peer, KEEPALIVE)
  }

  /** Handles a control frame. Ignores the bodies of Ping and Pong: nodes send `0xc0` as well as `0x80`. */
  frame(peer: Peer, code: MessageKey, payload: Uint8Array): void {
    if (code === BaseCode.Ping) peer.sendControl(BaseCode.Pong, EMPTY_LIST)
    else if (code === BaseCode.Pong) this.#keepalive?.pong()
    else if (code === BaseCode.Disconnect) peer.close(disconnected('remote', decodeDisconnect(payload)))
    else if (code === BaseCode.Hello) throw breach('second Hello')
    else if (Number(code) > 0x0f) throw breach(`message code ${code} belongs to no protocol of this connection`)
  }

  farewell(reason: PeerClosedError): { readonly key: MessageKey; readonly payload: Uint8Array } {
    return { key: BaseCode.Disconnect, payload: encodeDisconnect(disconnectReasonOf(reason)) }
  }
}

/** Error with a penalty of 20: more likely a bug, or a version this side does not know, than malice. */
function breach(message: string): ProtocolError {
  return new ProtocolError('ERR_UNKNOWN_MESSAGE', message, {
    disconnectReason: DisconnectReason.ProtocolError,
    penalty: 20,
  })
}
