/** Measures with many peers at once, or beside others that misbehave. Prints a line when the load has been reached. */
import { setTimeout as sleep } from 'node:timers/promises'
import { percentile } from '../lib/stats.mjs'
import {
  DEAF,
  glance,
  next,
  open,
  openMany,
  payloadOf,
  pour,
  REQUEST,
  RESPONSE,
  SINK,
  usage,
} from './bench-protocol.mjs'

/** Pause between an answer and the next ping, in milliseconds. */
const PING_GAP = 2
/** Step in which the peers of a second are spread over it, in milliseconds. */
const TICK = 10
/** Messages a sender of many writes before the others' sockets are served: they stand for as many processes. */
const BURST = 64
/** Buffers are given back on another thread after a collection: milliseconds until their bytes are off the count. */
const SWEEP_TIME = 200
/** Seconds of load between two looks at the peer's memory. */
const SOAK_TURN = 2

/** A quiet peer: one small request after another, with pauses, and how long each answer took. */
export async function ping(peer, { node, size, seconds, warmup }) {
  const { channel, codec, leave } = await open(peer, node)
  const request = codec.exchange.encode({ id: 0, data: payloadOf(size) })
  const pings = async (duration) => {
    const times = []
    for (const end = performance.now() + duration * 1000; performance.now() < end; ) {
      const sent = performance.now()
      await channel.write(REQUEST, request)
      await next(channel, RESPONSE)
      times.push(performance.now() - sent)
      await sleep(PING_GAP)
    }
    return times
  }
  await pings(warmup)
  const times = await pings(seconds)
  await leave()
  const [p50, p99] = [0.5, 0.99].map((share) => percentile(times, share))
  return { mode: 'ping', count: times.length, p50, p99, max: Math.max(...times) }
}

/** Many peers that each send one message a second and are answered, spread over the second. */
export async function chatter(peer, { node, count, size, seconds, warmup }, emit) {
  const { channel, codec } = await open(peer, node)
  const links = await openMany(peer, node, count)
  const request = codec.exchange.encode({ id: 0, data: payloadOf(size) })
  let answered = 0
  for (const link of links) void countAnswers(link, () => answered++)
  const begin = performance.now()
  let asked = 0
  const ticker = setInterval(() => {
    const due = ((performance.now() - begin) / 1000) * count
    for (; asked < due; asked++) void links[asked % count].channel.write(REQUEST, request)
  }, TICK)
  await sleep(warmup * 1000)
  emit({ event: 'holding', count })
  const [, cpu] = await glance(channel, codec)
  const [start, before] = [performance.now(), answered]
  await sleep(seconds * 1000)
  const took = (performance.now() - start) / 1000
  const [residentBytes, cpuAfter, heldBytes] = await glance(channel, codec)
  const perSecond = (answered - before) / took
  clearInterval(ticker)
  const remoteCPU = (cpuAfter - cpu) / 1e6 / took
  return { mode: 'chatter', count, seconds, perSecond, remoteCPU, remoteResidentBytes: residentBytes, heldBytes }
}

async function countAnswers({ channel }, onAnswer) {
  while (await channel.read()) onAnswer()
}

/** All send as fast as they can. The slowest one's share is of what each would have if all had the same. */
export async function crowd(peer, { node, count, size, seconds, warmup }) {
  const links = await openMany(peer, node, count)
  const data = peer.codec.data.encode(payloadOf(size))
  const pourAll = (duration) => Promise.all(links.map((link) => pour(link, data, duration, BURST)))
  await pourAll(warmup)
  const start = performance.now()
  const counts = await pourAll(seconds)
  const took = (performance.now() - start) / 1000
  const total = counts.reduce((sum, one) => sum + one, 0)
  return { mode: 'crowd', count, seconds, perSecond: total / took, slowestShare: (Math.min(...counts) * count) / total }
}

/** One peer that sends large messages without a pause. */
export async function flood(peer, { node, size, seconds, warmup }, emit) {
  const link = await open(peer, node)
  const data = peer.codec.data.encode(payloadOf(size))
  await pour(link, data, warmup)
  emit({ event: 'holding', count: 1 })
  const start = performance.now()
  const count = await pour(link, data, seconds)
  const megabytesPerSecond = (count * size) / 1e6 / ((performance.now() - start) / 1000)
  return { mode: 'flood', size, seconds, count, megabytesPerSecond }
}

/** One peer that sends without a pause to a protocol that reads nothing. */
export async function deaf(peer, { node, size, seconds, warmup }, emit) {
  const [watcher, link] = await openMany(peer, node, 2)
  const { channel, codec } = link
  const data = codec.data.encode(payloadOf(size))
  await pour(link, data, warmup)
  const before = await held(watcher)
  await channel.write(DEAF, codec.numbers.encode([Math.ceil(seconds) + 5]))
  let sent = 0
  const sending = async () => {
    for (;;) {
      await channel.write(SINK, data)
      sent++
    }
  }
  void sending().catch(() => {}) // ends with the process, waiting for room
  emit({ event: 'holding', count: 1 })
  await sleep(seconds * 1000)
  const remoteGrowthBytes = (await held(watcher)) - before
  return { mode: 'deaf', size, seconds, sentBytes: sent * size, remoteGrowthBytes }
}

/** @returns the bytes that the peer's heap and buffers hold after garbage collection */
async function held({ channel, codec }) {
  await usage(channel, codec)
  await sleep(SWEEP_TIME)
  const [, , heldBytes] = await glance(channel, codec)
  return heldBytes
}

/** Messages for as long as that, with the peer's memory looked at in between. */
export async function soakMessages(peer, { node, size, seconds }) {
  const link = await open(peer, node)
  const data = peer.codec.data.encode(payloadOf(size))
  const found = await soak(link, seconds, () => pour(link, data, SOAK_TURN))
  return { mode: 'soakMessages', size, seconds, ...found }
}

/** Dials, shakes hands and leaves, over and over, each time with a new identity. */
export async function soakHandshakes(peer, { node, concurrency, seconds }) {
  const watcher = await open(peer, node)
  const found = await soak(watcher, seconds, async () => {
    let count = 0
    const end = performance.now() + SOAK_TURN * 1000
    const one = async () => {
      for (; performance.now() < end; count++) await (await peer.connect(node)).leave()
    }
    await Promise.all(Array.from({ length: concurrency }, one))
    return count
  })
  return { mode: 'soakHandshakes', concurrency, seconds, ...found }
}

/**
 * Load and looks in turn, so that what is under way is not taken for what is held. A sample has its time in seconds, and
 * in bytes what is resident as the load leaves it (`raw`), what is once the garbage is gone, and what heap and buffers hold.
 */
async function soak(watcher, seconds, turn) {
  const samples = []
  const begin = performance.now()
  let count = 0
  let loaded = 0
  for (let time = 0; time < seconds; ) {
    const start = performance.now()
    count += await turn()
    loaded += (performance.now() - start) / 1000
    const [raw] = await glance(watcher.channel, watcher.codec)
    const heldBytes = await held(watcher)
    const [resident] = await glance(watcher.channel, watcher.codec)
    time = (performance.now() - begin) / 1000
    samples.push({ time, raw, resident, held: heldBytes })
  }
  return { perSecond: count / loaded, samples }
}
