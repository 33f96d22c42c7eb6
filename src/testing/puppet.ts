import { defineProtocol, type MessageTable, type Protocol } from '../peer/index.ts'

/** The same messages without the behaviour: says nothing by itself, so that a test speaks and listens on its channel. */
export function puppet<const M extends MessageTable>(protocol: Protocol<M>): Protocol<M> {
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
