import { preparePeers } from '../../bench/lib/prepare.mjs'
import { buildInterop } from '../../scripts/build-interop.mjs'

/** Vitest's global set-up: no interop test begins before the real peers are there. */
export default async function setup(): Promise<void> {
  preparePeers(console.log)
  await buildInterop()
}
