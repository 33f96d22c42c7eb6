/**
 * Tables of `peerloom peers`: connected peers, and bans.
 * @module
 */
import type { BanInfo, PeerInfo } from '../../devp2p/index.ts'
import { printable } from '../../node/index.ts'

export function peerTable(peers: readonly PeerInfo[]): string[] {
  if (peers.length === 0) return ['no peers']
  return [peerRow('ID', 'DIR', 'ADDRESS', 'PROTOCOLS', 'NAME'), ...peers.map(peerLine)]
}

export function peerLine({ id, name, caps, network, score }: PeerInfo): string {
  const flags = `${network.static ? 's' : ''}${network.trusted ? 't' : ''}`
  const direction = `${network.inbound ? 'in' : 'out'}${flags && ` ${flags}`}`
  const shownName = `${printable(name)}${score ? `  (score ${printable(String(score))})` : ''}`
  return peerRow(printable(id.slice(0, 16)), direction, printable(network.remoteAddress), caps.join(','), shownName)
}

/** Bans under a heading of their own; nothing when there are none. */
export function banTable(bans: readonly BanInfo[]): string[] {
  if (bans.length === 0) return []
  return ['', banRow('BANNED', 'UNTIL', 'SCORE', 'REASON'), ...bans.map(banLine)]
}

function banLine({ id, ip, until, score, reason }: BanInfo): string {
  const subject = printable(id?.slice(0, 16) ?? ip ?? '')
  return banRow(subject, timeOf(until), printable(String(score)), printable(reason))
}

/** `2026-11-30 17:38:41Z`; the number itself when it is no time. */
function timeOf(unixTime: number): string {
  const date = new Date(unixTime)
  if (Number.isNaN(date.getTime())) return printable(String(unixTime))
  return date.toISOString().replace('T', ' ').replace(/\.\d+/, '')
}

function peerRow(id: string, direction: string, address: string, protocols: string, name: string): string {
  return `${id.padEnd(16)}  ${direction.padEnd(6)}  ${address.padEnd(21)}  ${printable(protocols).padEnd(28)}  ${name}`
}

function banRow(subject: string, until: string, score: string, reason: string): string {
  return `${subject.padEnd(16)}  ${until.padEnd(20)}  ${score.padStart(5)}  ${reason}`
}
