/** Peerloom as a bench peer: its public API, as a program on it would use it. BENCH_DIST names another build. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { LENGTH, NAME, VERSION } from './bench-protocol.mjs'
import { commandLine, runPeer } from './command.mjs'

const dist = process.env.BENCH_DIST ?? resolve(import.meta.dirname, '../../dist')
const { defineProtocol, greet, NodeKey, rlp, Server } = await import(
  pathToFileURL(resolve(dist, 'devp2p/index.js')).href
)

const list = rlp.list(rlp.number)
const exchange = rlp.struct({ id: rlp.number, data: rlp.bytes })
const codec = { numbers: list, exchange, data: rlp.bytes }

function protocol(run) {
  return defineProtocol({ name: NAME, version: VERSION, length: LENGTH, messages: {}, run })
}

const stayUntilClosed = (peer) =>
  new Promise((done) => {
    peer.signal.addEventListener('abort', () => done(), { once: true })
  })

async function listen(answer) {
  const server = await Server.listen({
    key: NodeKey.generate(),
    listen: '127.0.0.1:0',
    dials: false,
    maxPeers: 10_000,
    maxPendingPeers: 1_000,
    protocols: [protocol((_peer, channel) => answer(channel))],
  })
  return server.enode
}

async function connect(enode) {
  const bench = protocol(stayUntilClosed)
  const server = await Server.listen({ key: NodeKey.generate(), protocols: [bench] })
  const { peer } = await server.dial(enode)
  return { channel: peer.channel(bench), leave: () => server.close() }
}

const capabilities = [{ name: NAME, version: VERSION }]

await runPeer(commandLine(), { listen, connect, greet: (enode) => greet(enode, { capabilities }), codec })
