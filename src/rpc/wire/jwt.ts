/**
 * Tokens of authenticated endpoints: JWT with HS256 and the claim `iat`.
 * Source: RFC 7519, execution-apis `src/engine/authentication.md`.
 * @module
 */
import { utf8ToBytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { ConfigError } from '../../base/errors.ts'
import { equalSecret, hmacSha256 } from '../../crypto/index.ts'

/** Length of the shared secret. */
export const JWT_SECRET_BYTES = 32
/** Allowed difference between a token's time and the local clock, in milliseconds. */
export const JWT_MAX_DRIFT = 60_000
/** Longest accepted token; a usual one has 200 characters. */
const MAX_TOKEN_LENGTH = 8_192

const HEADER = base64url('{"alg":"HS256","typ":"JWT"}')

/** Throws a ConfigError (`jwtSecret`) for a secret that does not have 32 bytes. */
export function checkJwtSecret(secret: Uint8Array): Uint8Array {
  if (secret.length === JWT_SECRET_BYTES) return secret
  throw new ConfigError('jwtSecret', `secret of ${secret.length} bytes`, { hint: `use ${JWT_SECRET_BYTES} bytes` })
}

/** Creates a token for one request, valid for a minute. */
export function createJwt(secret: Uint8Array, clock: Clock): string {
  const signed = `${HEADER}.${base64url(JSON.stringify({ iat: Math.floor(clock.unixTime() / 1000) }))}`
  return `${signed}.${Buffer.from(hmacSha256(secret, utf8ToBytes(signed))).toString('base64url')}`
}

/** Verifies the value of an `authorization` header. @returns the reason for rejecting it, undefined when it is valid */
export function verifyJwt(header: string | undefined, secret: Uint8Array, clock: Clock): string | undefined {
  const token = /^Bearer (.+)$/i.exec(header ?? '')?.[1]
  if (token === undefined) return 'missing token'
  const [head = '', payload = '', signature = '', ...more] = token.length > MAX_TOKEN_LENGTH ? [] : token.split('.')
  if (!signature || more.length > 0) return 'malformed token'
  if (decodePart(head)?.alg !== 'HS256') return 'token not signed with HS256'
  const mac = hmacSha256(secret, utf8ToBytes(`${head}.${payload}`))
  if (!equalSecret(mac, new Uint8Array(Buffer.from(signature, 'base64url')))) return 'invalid token signature'
  return verifyClaims(decodePart(payload), clock.unixTime())
}

interface Part {
  readonly alg?: unknown
  readonly iat?: unknown
  readonly exp?: unknown
}

function verifyClaims(claims: Part | undefined, now: number): string | undefined {
  if (typeof claims?.iat !== 'number') return 'missing issued-at'
  if (claims.exp !== undefined && !(typeof claims.exp === 'number' && claims.exp * 1000 > now))
    return 'token is expired'
  if (now - claims.iat * 1000 > JWT_MAX_DRIFT) return 'stale token'
  return claims.iat * 1000 - now > JWT_MAX_DRIFT ? 'future token' : undefined
}

function decodePart(text: string): Part | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url')
}
