import type { Socket } from 'node:net'

const waiting = new WeakMap<Socket, Set<() => void>>()

/**
 * Calls `then` when the socket has gone, unless it is told before that this is not needed any more. One listener does for all: of
 * requests that came one behind the other, Node tells only the one whose answer is being sent.
 */
export function whenGone(socket: Socket, then: () => void): () => void {
  if (socket.closed) {
    then()
    return () => {}
  }
  const all = waiting.get(socket) ?? begin(socket)
  all.add(then)
  return () => all.delete(then)
}

function begin(socket: Socket): Set<() => void> {
  /** BOUNDED: by the requests of the socket. */
  const all = new Set<() => void>()
  waiting.set(socket, all)
  socket.once('close', () => {
    for (const each of all) each()
  })
  return all
}
