/**
 * The base protocol once Hello is over: Disconnect, Ping, Pong.
 * @module
 */
import { type PeerClosedError, ProtocolError } from '../base/errors.ts'
import { type Control, Keepalive, type KeepaliveOptions, type MessageKey, type Peer } from '../peer/index.ts'
import { DisconnectReason, decodeDisconnect, disconnected, disconnectReasonOf, encodeDisconnect } from './disconnect.ts'
import { BaseCode } from './hello.ts'

/** go-ethereum's `pingInterval`. It has no timer for the pong: the transport's read deadline does that work. */
export const PING_INTERVAL = 15_000

const EMPTY_LIST = Uint8Array.of(0xc0)

const KEEPALIVE: KeepaliveOptions = {
  interval: PING_INTERVAL,
  ping: (peer) => peer.sendControl(BaseCode.Ping, EMPTY_LIST),
}

export class BaseProtocol implements Control {
  #keepalive: Keepalive | undefined

  /** Milliseconds the last ping took to be answered; undefined before the first. */
  get roundTrip(): number | undefined {
    return this.#keepalive?.roundTrip
  }

  /** Begins to ping. */
  attach(peer: Peer): void {
    this.#keepalive = new Keepalive(peer, KEEPALIVE)
  }

  /** Bodies of Ping and Pong are not looked at: there are `0xc0` and `0x80` out there. */
  frame(peer: Peer, code: MessageKey, payload: Uint8Array): void {
    if (code === BaseCode.Ping) peer.sendControl(BaseCode.Pong, EMPTY_LIST)
    else if (code === BaseCode.Pong) this.#keepalive?.pong()
    else if (code === BaseCode.Disconnect) peer.close(disconnected('remote', decodeDisconnect(payload)))
    else if (code === BaseCode.Hello) throw breach('a second Hello')
    else if (Number(code) > 0x0f) throw breach(`message ${code} belongs to no protocol of this connection`)
  }

  farewell(reason: PeerClosedError): { readonly key: MessageKey; readonly payload: Uint8Array } {
    return { key: BaseCode.Disconnect, payload: encodeDisconnect(disconnectReasonOf(reason)) }
  }
}

/** Penalty of 20: more likely a bug, or a version this side does not know, than malice. */
function breach(message: string): ProtocolError {
  return new ProtocolError('ERR_UNKNOWN_MESSAGE', message, {
    disconnectReason: DisconnectReason.ProtocolError,
    penalty: 20,
  })
}
