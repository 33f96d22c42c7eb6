/**
 * viem against a node of this process: over HTTP, and through the client's EIP-1193 provider, which carries subscriptions.
 */
import { demoChain, EthereumNode, loadDemoChain } from 'peerloom/node'
import { createPublicClient, custom, http } from 'viem'

const demo = await demoChain()
const store = await loadDemoChain(demo)
await using node = await EthereumNode.open({ genesis: demo.genesis, store, http: { port: 0 } })

const overHttp = createPublicClient({ transport: http(node.node.endpoints.url('http')) })
const head = await overHttp.getBlock({ includeTransactions: true })
console.log(`block ${head.number} has ${head.transactions.length} transactions`)

const [transaction] = head.transactions
if (transaction) {
  const receipt = await overHttp.getTransactionReceipt({ hash: transaction.hash })
  console.log(`the first one: ${receipt.status}, ${receipt.gasUsed} gas, ${receipt.logs.length} logs`)
}
const logs = await overHttp.getLogs({ fromBlock: 0n, toBlock: head.number })
console.log(`${logs.length} logs in the whole chain`)

const inProcess = createPublicClient({ transport: custom(node.node.rpc.provider) })
console.log(`chain ${await inProcess.getChainId()}, at block ${await inProcess.getBlockNumber()}`)

const refused = await inProcess
  .getBalance({ address: '0x0000000000000000000000000000000000000000' })
  .catch((error) => error)
console.log(`balances need state: ${refused.details}`)
