/**
 * Measures a frame on one thread, in memory: our frame writer and reader beside the bare crypto that such a frame
 * cannot do without, on the same bytes. Prints one JSON line a size. Runs in its own process:
 *
 *   node frame.mjs DIST ROUNDS MILLISECONDS
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { payloadOf } from '../peers/bench-protocol.mjs'
import { ratios, summary } from './stats.mjs'

const [dist, rounds, milliseconds] = process.argv.slice(2)
const load = (path) => import(pathToFileURL(resolve(dist, path)).href)
const { FrameWriter } = await load('devp2p/rlpx/frame-writer.js')
const { FrameReader } = await load('devp2p/rlpx/frame-reader.js')
const { FrameSealer, OUTBOUND_WINDOW, randomBytes } = await load('crypto/index.js')
const { snappyCompress } = await load('codec/index.js')

const SIZES = [100, 32_768, 100_000]
/** Size of the memory that holds many frames, as a socket's chunk does. */
const BATCH_BYTES = 1024 * 1024
const MAX_FRAMES = 256
const CODE = 0x10

function secrets() {
  const seed = randomBytes(48)
  return { aes: randomBytes(32), mac: randomBytes(32), egressMacSeed: seed, ingressMacSeed: seed }
}

/** Writes, and reads back, one batch after another; each answers the milliseconds its own part took. */
function framing(payload) {
  const shared = secrets()
  let wire = []
  const writer = new FrameWriter(shared, (bytes) => wire.push(bytes))
  let read = 0
  const reader = new FrameReader(shared, { message: () => read++, isStopped: () => false })
  writer.snappy = reader.snappy = true
  const frames = Math.max(1, Math.min(MAX_FRAMES, Math.floor(BATCH_BYTES / payload.length)))
  return {
    frames,
    write: timed(() => {
      wire = []
      writer.write(Array.from({ length: frames }, () => writer.prepare(CODE, payload)))
    }),
    read: timed(() => {
      for (const bytes of wire) reader.push(bytes)
      if (read % frames !== 0) throw new Error('a frame went missing')
    }),
  }
}

/** The cipher and the MAC of such frames, on bytes that lie where they are worked on. */
function bareCrypto(payload, frames) {
  const { aes, mac, egressMacSeed: seed } = secrets()
  const sealer = new FrameSealer({ aes, mac, seed })
  const start = OUTBOUND_WINDOW + 32
  const length = (1 + snappyCompress(payload).length + 15) & ~15
  return timed(() => {
    for (let i = 0; i < frames; i++) {
      sealer.head(OUTBOUND_WINDOW)
      sealer.body(start, length)
      sealer.end(start + length)
    }
  })
}

function timed(work) {
  return () => {
    const start = performance.now()
    work()
    return performance.now() - start
  }
}

/** The three take turns batch by batch, so that all see the same machine. */
function measure(payload, duration) {
  const { frames, write, read } = framing(payload)
  const bare = bareCrypto(payload, frames)
  const spent = { write: 0, read: 0, bare: 0 }
  let count = 0
  while (spent.write + spent.read + spent.bare < duration) {
    spent.write += write()
    spent.read += read()
    spent.bare += bare()
    count += frames
  }
  const perSecond = (time) => (count * 1000) / time
  return { write: perSecond(spent.write), read: perSecond(spent.read), bare: perSecond(spent.bare) }
}

for (const size of SIZES) {
  const payload = payloadOf(size)
  measure(payload, Number(milliseconds)) // the compiler's round
  const found = Array.from({ length: Number(rounds) }, () => measure(payload, Number(milliseconds)))
  const of = (name) => found.map((round) => round[name])
  const line = { size, write: summary(of('write')), read: summary(of('read')), bare: summary(of('bare')) }
  line.writeShare = ratios(of('write'), of('bare'))
  line.readShare = ratios(of('read'), of('bare'))
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
