/**
 * Where an endpoint is, for who listens and for who dials: `http://host:port`, `ws://host:port`, or a path.
 * @module
 */
import { ConfigError } from '../../base/errors.ts'

export type Target =
  | { readonly transport: 'http' | 'ws'; readonly secure: boolean; readonly url: URL }
  | { readonly transport: 'ipc'; readonly path: string }

/** Throws a ConfigError (`url`). A text without a scheme is a path. */
export function parseTarget(text: string): Target {
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\//.exec(text)?.[1]?.toLowerCase()
  if (text === '' || /^[\w.-]+:\d+$/.test(text)) throw badUrl(text)
  if (scheme === undefined) return { transport: 'ipc', path: text }
  if (scheme === 'file' || scheme === 'ipc') return { transport: 'ipc', path: text.slice(text.indexOf('://') + 3) }
  const url = URL.canParse(text) ? new URL(text) : undefined
  const transport =
    scheme === 'http' || scheme === 'https' ? 'http' : scheme === 'ws' || scheme === 'wss' ? 'ws' : undefined
  if (!url?.hostname || !transport || !decodable(url.username) || !decodable(url.password)) throw badUrl(text)
  return { transport, secure: scheme === 'https' || scheme === 'wss', url }
}

function decodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

function badUrl(text: string): ConfigError {
  return new ConfigError('url', `${JSON.stringify(text)} is no endpoint`, {
    hint: 'http://host:port, https://…, ws://…, wss://…, or the path of a socket',
  })
}
