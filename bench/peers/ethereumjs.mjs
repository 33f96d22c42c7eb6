/**
 * `@ethereumjs/devp2p` as a bench peer. --nodelay sets TCP_NODELAY on its sockets, which it does not do itself: without
 * it each message waits for the acknowledgement of the one before (two writes a frame, Nagle, delayed acknowledgement).
 */
import { once } from 'node:events'
import { Common, Mainnet } from '@ethereumjs/common'
import { genPrivateKey, RLPx } from '@ethereumjs/devp2p'
import { RLP } from '@ethereumjs/rlp'
import { bytesToInt, bytesToUnprefixedHex, hexToBytes } from '@ethereumjs/util'
import * as snappy from 'snappyjs'
import { LENGTH, NAME, VERSION } from './bench-protocol.mjs'
import { commandLine, runPeer } from './command.mjs'

const line = commandLine({ nodelay: { type: 'boolean' } })
const common = new Common({ chain: Mainnet })
/** It shows no back-pressure: a sender without end has to check the socket. */
const HIGH_WATER_BYTES = 256 * 1024

const codec = {
  numbers: { encode: (list) => RLP.encode(list), decode: (bytes) => RLP.decode(bytes).map((item) => bytesToInt(item)) },
  exchange: {
    encode: ({ id, data }) => RLP.encode([id, data]),
    decode(bytes) {
      const [id, data] = RLP.decode(bytes)
      return { id: bytesToInt(id), data }
    },
  },
  data: { encode: (bytes) => RLP.encode(bytes) },
}

/**
 * Called back with messages; the bench reads them one by one. Any class will do for it; its own base class, which it
 * does not export, would add loggers and a timer that waits for eth's Status.
 */
class BenchProtocol {
  #queue = []
  #head = 0
  #reader
  #closed = false
  #socket
  #send

  constructor(_version, peer, send) {
    this.#send = send
    this.#socket = peer._socket
    if (line.settings.nodelay) this.#socket.setNoDelay(true)
    this.#socket.once('close', () => this.#end())
  }

  _handleMessage(key, payload) {
    const message = { key, payload }
    if (!this.#reader) return this.#queue.push(message)
    const reader = this.#reader
    this.#reader = undefined
    reader(message)
  }

  read() {
    if (this.#head < this.#queue.length) {
      const message = this.#queue[this.#head++]
      if (this.#head === this.#queue.length) this.#queue.length = this.#head = 0
      return Promise.resolve(message)
    }
    if (this.#closed) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      this.#reader = resolve
    })
  }

  write(key, payload) {
    this.#send(key, snappy.compress(payload)) // as its own ETH does
    if (this.#socket.writableLength > HIGH_WATER_BYTES) return once(this.#socket, 'drain')
  }

  #end() {
    this.#closed = true
    this.#reader?.(undefined)
  }
}

const capabilities = [{ name: NAME, version: VERSION, length: LENGTH, constructor: BenchProtocol }]

function newRlpx(options) {
  const rlpx = new RLPx(genPrivateKey(), { capabilities, common, ...options })
  rlpx.events.on('error', () => {})
  rlpx.events.on('peer:error', () => {})
  return rlpx
}

const channelOf = (peer) => peer.getProtocols()[0]

async function listen(answer) {
  const rlpx = newRlpx({ maxPeers: 10_000, listenPort: null })
  rlpx.events.on('peer:added', (peer) => void answer(channelOf(peer)))
  rlpx.listen(0, '127.0.0.1')
  await new Promise((resolve) => {
    rlpx.events.once('listening', resolve)
  })
  return `enode://${bytesToUnprefixedHex(rlpx.id)}@127.0.0.1:${rlpx._server.address().port}`
}

async function connect(enode) {
  const { username, hostname, port } = new URL(enode)
  const rlpx = newRlpx({ maxPeers: 10 })
  const added = new Promise((resolve, reject) => {
    rlpx.events.once('peer:added', resolve)
    rlpx.events.once('peer:error', (_peer, error) => reject(error))
    rlpx.events.once('peer:removed', () => reject(new Error('the peer has closed')))
  })
  await rlpx.connect({ id: hexToBytes(`0x${username}`), address: hostname, tcpPort: Number(port) })
  const peer = await added
  return { channel: channelOf(peer), leave: () => leave(rlpx, peer) }
}

/** Its own way waits two seconds before it closes. */
function leave(rlpx, peer) {
  peer._socket.destroy()
  rlpx.destroy()
}

await runPeer(line, { listen, connect, codec })
