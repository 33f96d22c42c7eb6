/** viem's public client. `request` caches nothing; its transport makes one batch of the calls of one tick. */
import { createPublicClient, http, webSocket } from 'viem'
import { METHOD, runCaller } from './command.mjs'

await runCaller(async ({ url, batch }) => {
  const options = { retryCount: 0, ...(batch > 0 && { batch: { batchSize: batch, wait: 0 } }) }
  const transport = url.startsWith('ws:') ? webSocket(url, options) : http(url, options)
  const client = createPublicClient({ transport, cacheTime: 0 })
  const call = () => client.request({ method: METHOD })
  if (batch === 0) return call
  return () => Promise.all(Array.from({ length: batch }, call))
})
