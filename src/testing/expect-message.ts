import { deepStrictEqual } from 'node:assert/strict'
import type { Channel, MessageBody, MessageName, MessageTable, WaitOptions } from '../peer/index.ts'

/**
 * The next message must be of this name and have exactly this body: go-ethereum's `ExpectMsg`. Throws node:assert's
 * `AssertionError` with the difference when the body is another, else what {@link Channel.expect} throws.
 */
export async function expectMessage<M extends MessageTable, N extends MessageName<M>>(
  channel: Channel<M>,
  name: N,
  body: MessageBody<M[N]>,
  options: WaitOptions = {},
): Promise<void> {
  deepStrictEqual(await channel.expect(name, options), body)
}
