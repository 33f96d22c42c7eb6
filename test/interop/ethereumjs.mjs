/**
 * `@ethereumjs/devp2p` as a client: connects to the node given by id, host and port, shakes hands on eth/68 on mainnet's
 * first fork, asks for the genesis header, body and receipts, and prints what came as JSON. It lies with the bench's peers.
 */
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(new URL('../../bench/package.json', import.meta.url))
const load = (name) => import(pathToFileURL(require.resolve(name)).href)
const { Common, Hardfork, Mainnet } = await load('@ethereumjs/common')
const { ETH, genPrivateKey, RLPx } = await load('@ethereumjs/devp2p')
const { bytesToUnprefixedHex, hexToBytes } = await load('@ethereumjs/util')

const [id, host, port, genesis] = process.argv.slice(2)
const common = new Common({ chain: Mainnet, hardfork: Hardfork.Chainstart })
const rlpx = new RLPx(genPrivateKey(), { capabilities: [ETH.eth68], common, maxPeers: 1 })
const say = (what, data) => console.log(JSON.stringify({ what, data }))
const hex = (item) => (Array.isArray(item) ? item.map(hex) : bytesToUnprefixedHex(item))

rlpx.events.on('peer:error', (_peer, error) => say('error', String(error)))
rlpx.events.on('error', (error) => say('error', String(error)))
rlpx.events.on('peer:added', (peer) => {
  const eth = peer.getProtocols()[0]
  const hash = hexToBytes(`0x${genesis}`)
  eth.events.once('status', (status) => {
    say('status', { genesis: hex(status.genesisHash), forkId: hex(status.forkId) })
    eth.sendMessage(0x03, [Uint8Array.of(1), [hash, Uint8Array.of(1), new Uint8Array(), new Uint8Array()]])
  })
  eth.events.on('message', (code, payload) => {
    if (code === 0x00) return
    say(`message ${code}`, hex(payload))
    if (code === 0x04) eth.sendMessage(0x05, [Uint8Array.of(2), [hash]])
    if (code === 0x06) eth.sendMessage(0x0f, [Uint8Array.of(3), [hash]])
    if (code === 0x10) process.exit(0)
  })
  eth.sendStatus({ td: hexToBytes('0x0400000000'), bestHash: hash, genesisHash: hash })
})
await rlpx.connect({ id: hexToBytes(`0x${id}`), address: host, tcpPort: Number(port) })
