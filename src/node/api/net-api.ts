import { z } from 'zod'
import { bytesTo0x, hexToBytes } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/index.ts'
import type { Server } from '../../devp2p/index.ts'
import { method, param } from '../../rpc/index.ts'

/** Namespace `net`. The service of a network adds `net_version`. */
export function netApi(server: Server) {
  return {
    listening: method({ summary: 'true if the node accepts connections', params: [], result: z.boolean() }, () => true),
    peerCount: method(
      { summary: 'number of connected peers', params: [], result: z.string() },
      () => `0x${server.peers.size.toString(16)}`,
    ),
  }
}

const bytes = z
  .string()
  .refine((text) => text.length % 2 === 0 && /^0x[0-9a-fA-F]*$/.test(text), { error: 'want hex bytes with 0x' })

/** Namespace `web3`. */
export function web3Api(clientVersion: string) {
  return {
    clientVersion: method({ summary: 'name and version of this node', params: [] }, () => clientVersion),
    sha3: method({ summary: 'keccak-256 of bytes', params: [param('input', bytes)] }, (input) =>
      bytesTo0x(keccak256(hexToBytes(input))),
    ),
  }
}
