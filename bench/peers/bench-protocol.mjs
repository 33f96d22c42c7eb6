/**
 * bench/1, the protocol all peers speak (interop/ethereum/README.md): the responder, and the measurements of the requester.
 *
 * A peer is an adapter over its library:
 *
 *   listen(answer)  accepts connections, calls answer(channel) for each; resolves with the enode URL
 *   connect(enode)  a new identity, dial, both Hellos; resolves with { channel, leave() }
 *   greet(enode)    the same by the shortest way there is, for nothing but handshakes: { leave() } (optional)
 *   codec           numbers, exchange and data, each { encode, decode } of RLP, with the library's own means
 *
 * and a channel is { read(): Promise<{ key, payload } | undefined>, write(key, payload): Promise<void> | void }.
 */
import { randomFillSync } from 'node:crypto'
import { Session } from 'node:inspector/promises'
import { memoryUsage } from 'node:process'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'

export const NAME = 'bench'
export const VERSION = 1
export const LENGTH = 16

export const SINK = 0
const FLUSH = 1
const FLUSHED = 2
export const REQUEST = 3
export const RESPONSE = 4
const USAGE = 5
const USAGE_IS = 6
const GLANCE = 7
const GLANCE_IS = 8
export const DEAF = 9

const EMPTY_LIST = Uint8Array.of(0xc0)
/** Messages between two looks at the clock, the same as in the yardstick. */
const CLOCK_EVERY = 16
/** While idle connections are built up. */
const DIALS_AT_ONCE = 8

/** The side that is dialed. Returns when the connection has closed. */
export async function answer(channel, codec) {
  let messages = 0
  let bytes = 0
  for (;;) {
    const message = await channel.read()
    if (!message) return
    const { key, payload } = message
    if (key === SINK) {
      messages++
      bytes += payload.length
    } else if (key === REQUEST) {
      await channel.write(RESPONSE, codec.exchange.encode(codec.exchange.decode(payload)))
    } else if (key === FLUSH) {
      await channel.write(FLUSHED, codec.numbers.encode([messages, bytes]))
      messages = bytes = 0
    } else if (key === USAGE) {
      await channel.write(USAGE_IS, codec.numbers.encode(await ownUsage()))
    } else if (key === GLANCE) {
      await channel.write(GLANCE_IS, codec.numbers.encode(ownGlance()))
    } else if (key === DEAF) {
      const [seconds] = codec.numbers.decode(payload)
      await sleep(seconds * 1000)
    }
  }
}

/**
 * Garbage goes first, and free memory back to the system, as with the yardstick's `FreeOSMemory`: neither is what a
 * connection costs. `gc()` would do the first only, and leave the young generation larger than it was.
 */
async function ownUsage() {
  const session = new Session()
  session.connect()
  await session.post('HeapProfiler.collectGarbage')
  session.disconnect()
  return [memoryUsage.rss(), ownCpu()]
}

/** @returns resident memory with its garbage, and the bytes that heap and buffers hold */
function ownGlance() {
  const { rss, heapUsed, external } = memoryUsage()
  return [rss, ownCpu(), heapUsed + external]
}

/** Microseconds of CPU this process has used. */
function ownCpu() {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** The first half random, the rest zero. */
export function payloadOf(size) {
  const data = new Uint8Array(size)
  if (size > 1) randomFillSync(data, 0, Math.floor(size / 2))
  return data
}

/** Dial to both Hellos, over and over, each time with a new identity. */
export async function handshakes(peer, { node, count, concurrency, warmup }) {
  const greet = peer.greet ?? peer.connect
  const leaving = []
  const rounds = async (go) => {
    const one = async () => {
      while (go()) leaving.push((await greet(node)).leave())
    }
    await Promise.all(Array.from({ length: concurrency }, one))
  }
  const warm = performance.now() + warmup * 1000
  await rounds(() => performance.now() < warm)
  let left = count
  const start = performance.now()
  const cpu = ownCpu()
  await rounds(() => left-- > 0)
  const seconds = (performance.now() - start) / 1000
  const cpuMillisEach = (ownCpu() - cpu) / 1000 / count
  await Promise.all(leaving)
  return { mode: 'handshakes', concurrency, count, seconds, perSecond: count / seconds, cpuMillisEach }
}

/** Sends as fast as the channel takes messages; the clock stops when the peer has read everything. */
export async function oneWay(peer, { node, size, seconds, warmup }) {
  const link = await open(peer, node)
  const data = peer.codec.data.encode(payloadOf(size))
  await pour(link, data, warmup)
  return await measured(link, { mode: 'oneway', size }, () => pour(link, data, seconds))
}

/** Sends until the time is over; after each `burst` messages it lets the event loop turn. Resolves with what arrived. */
export async function pour({ channel, codec }, data, seconds, burst = Infinity) {
  const end = performance.now() + seconds * 1000
  for (let n = 0; n % CLOCK_EVERY !== 0 || performance.now() < end; n++) {
    await channel.write(SINK, data)
    if (n % burst === burst - 1) await setImmediate()
  }
  const [count] = codec.numbers.decode(await ask(channel, FLUSH, FLUSHED))
  return count
}

/** A number of requests always under way: an answer makes room for the next. */
export async function requests(peer, { node, size, seconds, outstanding, warmup }) {
  const link = await open(peer, node)
  const data = payloadOf(size)
  await exchange(link, data, outstanding, warmup)
  return await measured(link, { mode: 'request', size, outstanding }, () => exchange(link, data, outstanding, seconds))
}

async function exchange({ channel, codec }, data, outstanding, seconds) {
  const end = performance.now() + seconds * 1000
  let asked = 0
  let answered = 0
  while (asked < outstanding) await channel.write(REQUEST, codec.exchange.encode({ id: asked++, data }))
  while (answered < asked) {
    const { id } = codec.exchange.decode(await next(channel, RESPONSE))
    if (id !== answered) throw new Error(`response with id ${id}, expected ${answered}`)
    answered++
    if (performance.now() < end) await channel.write(REQUEST, codec.exchange.encode({ id: asked++, data }))
  }
  return answered
}

/** Connections that say nothing but pong, and what they cost the peer. Says when it holds them all. */
export async function idle(peer, { node, count, seconds }, emit) {
  const { channel, codec, leave } = await open(peer, node)
  const [before] = await usage(channel, codec)
  const links = await openMany(peer, node, count)
  emit({ event: 'holding', count })
  await sleep(seconds * 1000)
  const [after] = await usage(channel, codec)
  await Promise.all(links.map((link) => link.leave()))
  await leave()
  return { mode: 'idle', count, seconds, remoteResidentBytes: after, remoteBytesEach: (after - before) / count }
}

export async function open(peer, node) {
  const { channel, leave } = await peer.connect(node)
  return { channel, leave, codec: peer.codec }
}

export async function openMany(peer, node, count) {
  const links = []
  while (links.length < count) {
    const dials = Array.from({ length: Math.min(DIALS_AT_ONCE, count - links.length) }, () => open(peer, node))
    links.push(...(await Promise.all(dials)))
  }
  return links
}

/** Runs `work`, which answers how many, and says what both sides used for it. */
async function measured({ channel, codec, leave }, fields, work) {
  const [, remoteCpu] = await usage(channel, codec)
  const cpu = ownCpu()
  const start = performance.now()
  const count = await work()
  const seconds = (performance.now() - start) / 1000
  const used = ownCpu() - cpu
  const [remoteResidentBytes, remoteCpuAfter] = await usage(channel, codec)
  await leave()
  return {
    ...fields,
    count,
    seconds,
    perSecond: count / seconds,
    megabytesPerSecond: (count * fields.size) / 1e6 / seconds,
    cpu: used / 1e6 / seconds,
    remoteCPU: (remoteCpuAfter - remoteCpu) / 1e6 / seconds,
    residentBytes: memoryUsage.rss(),
    remoteResidentBytes,
  }
}

/** `[residentBytes, cpuMicroseconds]` of the peer, its garbage collected. */
export async function usage(channel, codec) {
  return codec.numbers.decode(await ask(channel, USAGE, USAGE_IS))
}

/** `[residentBytes, cpuMicroseconds, heldBytes]` of the peer, garbage included. */
export async function glance(channel, codec) {
  return codec.numbers.decode(await ask(channel, GLANCE, GLANCE_IS))
}

async function ask(channel, key, answerKey) {
  await channel.write(key, EMPTY_LIST)
  return await next(channel, answerKey)
}

export async function next(channel, key) {
  const message = await channel.read()
  if (!message) throw new Error('peer closed')
  if (message.key !== key) throw new Error(`received message ${message.key}, expected ${key}`)
  return message.payload
}
