/** The part of a consensus client that makes geth sync: a JWT, and a fork choice. */
import { createHmac } from 'node:crypto'

/** An engine API token (HS256): geth takes it for a minute from `issuedAt`, in seconds of Unix time. */
export function engineToken(secret, issuedAt) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ iat: issuedAt })}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

/** Names the head. Resolves with what geth makes of it: `SYNCING` also while no peer of its knows the hash. */
export async function forkchoiceUpdated(endpoint, secret, head) {
  const params = [{ headBlockHash: head, safeBlockHash: head, finalizedBlockHash: head }, null]
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${engineToken(secret, Math.floor(Date.now() / 1000))}`,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'engine_forkchoiceUpdatedV3', params }),
  })
  if (!response.ok) throw new Error(`the engine API answered ${response.status}: ${await response.text()}`)
  const { result, error } = await response.json()
  if (error) throw new Error(`the engine API refused the head: ${error.message}`)
  return result.payloadStatus.status
}
