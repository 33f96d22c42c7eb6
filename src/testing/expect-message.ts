import { deepStrictEqual } from 'node:assert/strict'
import type { Body, Channel, MessageTable, Name, WaitOptions } from '../peer/index.ts'

/**
 * The next message must be of this name and have exactly this body: go-ethereum's `ExpectMsg`. Throws node:assert's
 * `AssertionError` with the difference when the body is another, else what {@link Channel.expect} throws.
 */
export async function expectMessage<M extends MessageTable, N extends Name<M>>(
  channel: Channel<M>,
  name: N,
  body: Body<M[N]>,
  options: WaitOptions = {},
): Promise<void> {
  deepStrictEqual(await channel.expect(name, options), body)
}
