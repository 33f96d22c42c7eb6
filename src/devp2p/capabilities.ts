/**
 * Capability matching: the protocols that two nodes share, and the message offset of each.
 * @module
 */
import type { AnyProtocol, Mounted } from '../peer/index.ts'
import { protocolLength } from '../peer/index.ts'
import { BASE_LENGTH, type Capability } from './hello.ts'

/** Capabilities to offer in Hello, in go-ethereum's order. */
export function capabilitiesOf(protocols: readonly AnyProtocol[]): Capability[] {
  return protocols.map(({ name, version }) => ({ name, version })).sort(byNameAndVersion)
}

/** Formats a capability as `eth/69`. */
export function formatCapability({ name, version }: Capability): string {
  return `${name}/${version}`
}

/**
 * Selects the highest common version of each name, in the order of names, with consecutive offsets from 16 on. Both sides
 * must come to the same result, so this follows go-ethereum's `matchProtocols` exactly.
 */
export function matchProtocols(protocols: readonly AnyProtocol[], remote: readonly Capability[]): Mounted[] {
  const best = new Map<string, AnyProtocol>()
  for (const offered of [...remote].sort(byNameAndVersion)) {
    const ours = protocols.find((p) => p.name === offered.name && p.version === offered.version)
    if (ours) best.set(ours.name, ours)
  }
  let offset = BASE_LENGTH
  return [...best.values()].map((protocol) => {
    const mounted = { protocol, offset }
    offset += protocolLength(protocol)
    return mounted
  })
}

function byNameAndVersion(a: Capability, b: Capability): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1
  return a.version - b.version
}
