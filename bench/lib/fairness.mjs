/** Measures the latency of a quiet peer beside one that sends without end, and the cost of a protocol that never reads. */
import { START_SLACK } from './many.mjs'

/** Length of a byte string that fills, with its head of four bytes, the largest message: 16 MiB - 1. */
const LARGEST = 2 ** 24 - 1 - 4
const SMALL = 100
const LARGE = 100_000

/** Measures a quiet peer alone, then beside the flood, with the same programs. */
export async function measureFlood({ dial, hold, plan }) {
  const seconds = plan.loadSeconds
  const flood = { mode: 'flood', size: LARGEST, seconds: plan.warmup }
  await dial(flood) // what is compiled while it runs is compiled for both
  const idle = await dial({ mode: 'ping', seconds })
  const load = await hold({ ...flood, seconds: seconds + START_SLACK })
  try {
    const flooded = await dial({ mode: 'ping', seconds })
    const { megabytesPerSecond } = await load.result
    return { idle: idle.p99, flooded: flooded.p99, ratio: flooded.p99 / idle.p99, rate: megabytesPerSecond }
  } finally {
    await load.stop()
  }
}

/** A protocol that reads nothing, while its remote sends all that it can. */
export async function measureUnread({ dial, hold, plan }) {
  const seconds = plan.loadSeconds
  const idle = await dial({ mode: 'ping', seconds })
  const beside = async (size) => {
    const load = await hold({ mode: 'deaf', size, seconds: seconds + START_SLACK })
    try {
      const { p99 } = await dial({ mode: 'ping', seconds })
      const { remoteGrowthBytes } = await load.result
      return { p99, megabytes: remoteGrowthBytes / 1e6 }
    } finally {
      await load.stop()
    }
  }
  const small = await beside(SMALL)
  const large = await beside(LARGE)
  return { small: small.megabytes, large: large.megabytes, idle: idle.p99, beside: Math.max(small.p99, large.p99) }
}
