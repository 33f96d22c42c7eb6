/** viem on a node of our own: over HTTP, and in the same process without a socket. */
import { deepStrictEqual, match, strictEqual } from 'node:assert/strict'
import { demoChain, EthereumService, loadDemoChain } from 'peerloom/ethereum'
import { Node } from 'peerloom/node'
import { createPublicClient, custom, http } from 'viem'

const demo = await demoChain() // a few hundred blocks, bundled with the package
const ethereum = new EthereumService({ genesis: demo.genesis, store: await loadDemoChain(demo) })
await using node = await Node.start({ services: [ethereum], http: { port: 0 } }) // 0: any free port

const client = createPublicClient({ transport: http(node.endpoints.url('http')) })
strictEqual(await client.getBlockNumber(), BigInt(demo.headNumber))
strictEqual(BigInt(await client.getChainId()), demo.genesis.config.chainId)

const logs = await client.getLogs({ fromBlock: 0n, toBlock: 'latest' })
const [log] = logs
if (!log) throw new Error('no logs')
console.log(`${logs.length} logs; the first is of ${log.address} in block ${log.blockNumber}`)

const block = await client.getBlock({ blockNumber: log.blockNumber, includeTransactions: true })
const receipt = await client.getTransactionReceipt({ hash: log.transactionHash })
console.log(`block ${block.hash} has ${block.transactions.length} transactions`)
strictEqual(block.transactions[log.transactionIndex]?.hash, log.transactionHash)
deepStrictEqual(receipt.logs[0], log)

const local = createPublicClient({ transport: custom(node.rpc.provider) })
deepStrictEqual(await local.getBlock({ blockNumber: log.blockNumber, includeTransactions: true }), block)

// The node has no state: a call that needs it is refused, never answered wrongly.
const refusal = await local.getBalance({ address: log.address }).catch((error: Error) => error)
match(String(refusal), /MethodNotSupported/)
