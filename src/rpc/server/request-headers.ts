/** The headers that decide what becomes of a request. */
export interface RequestHeaders {
  host?: string | undefined
  origin?: string | undefined
  authorization?: string | undefined
  'content-type'?: string | undefined
  'content-length'?: string | undefined
  'accept-encoding'?: string | undefined
}

const WANTED: ReadonlySet<string> = new Set<keyof RequestHeaders>([
  'host',
  'origin',
  'authorization',
  'content-type',
  'content-length',
  'accept-encoding',
])

/**
 * Of names and values in turn, as Node's `rawHeaders` has them; of several with one name the first, as there. Node would make
 * an object of all of them, which costs a twentieth of a call.
 */
export function readHeaders(raw: readonly string[]): RequestHeaders {
  const headers: RequestHeaders = {}
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase() as keyof RequestHeaders
    if (WANTED.has(name)) headers[name] ??= raw[index + 1]
  }
  return headers
}
