/**
 * The bundled demo chain, and an address where no node listens.
 * @module
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const assets = fileURLToPath(new URL('../../assets/demo/', import.meta.url))

export const genesis = join(assets, 'genesis.json')
export const chain = join(assets, 'chain.rlp')
/** Head, genesis hash and chain id of the chain. */
export const info = JSON.parse(readFileSync(join(assets, 'info.json'), 'utf8')) as Record<string, unknown>

/** The public key of the private key 1. */
const SOMEBODY =
  '79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8'

/** An enode URL with a port that was free a moment ago. */
export async function deadEnode(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `enode://${SOMEBODY}@127.0.0.1:${port}`
}
