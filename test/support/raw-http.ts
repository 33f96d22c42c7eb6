/**
 * Raw HTTP requests, with any method, header and body.
 * @module
 */
import { type IncomingHttpHeaders, request } from 'node:http'

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export function send(
  url: string,
  body: string | undefined,
  headers: Record<string, string> = {},
  method = 'POST',
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const req = request(
      url,
      { method, headers: { 'content-type': 'application/json', ...headers }, agent: false },
      (res) => {
        let text = ''
        res.on('data', (chunk) => {
          text += chunk
        })
        res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, text }))
      },
    )
    req.on('error', reject)
    req.end(body)
  })
}

/** Sends a POST. @returns the parsed JSON of its response */
export async function ask(url: string, body: string): Promise<unknown> {
  return JSON.parse((await send(url, body)).text)
}
