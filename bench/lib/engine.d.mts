export function engineToken(secret: Uint8Array, issuedAt: number): string
