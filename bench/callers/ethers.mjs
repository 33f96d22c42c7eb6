/** ethers' providers. `send` keeps nothing; over HTTP its own batching, which waits for 10 ms, is off. */
import { JsonRpcProvider, Network, WebSocketProvider } from 'ethers'
import { METHOD, runCaller } from './command.mjs'

const staticNetwork = Network.from(600)

await runCaller(async ({ url, batch }) => {
  if (batch > 0) throw new Error('ethers has no batches of its own')
  const provider = url.startsWith('ws:')
    ? new WebSocketProvider(url, staticNetwork, { staticNetwork })
    : new JsonRpcProvider(url, staticNetwork, { staticNetwork, batchMaxCount: 1 })
  return () => provider.send(METHOD, [])
})
