/** Many peers in one process: their cost under a low load, and their throughput under a full one. */

const PEERS = 2000
const SENDERS = 200
const SIZE = 100
/** Time to start another program beside a load, in seconds. */
export const START_SLACK = 2

/** 2,000 peers that each exchange a message a second; a third process asks how long a quiet peer waits. */
export async function measureMany({ dial, hold, plan }) {
  const seconds = plan.loadSeconds + START_SLACK
  const crowd = await hold({ mode: 'chatter', count: PEERS, size: SIZE, seconds })
  try {
    const { p50, p99 } = await dial({ mode: 'ping', size: SIZE, seconds: plan.loadSeconds })
    const { perSecond, remoteCPU, remoteResidentBytes } = await crowd.result
    return { answers: perSecond, cpu: remoteCPU * 100, resident: remoteResidentBytes / 1e6, p50, p99 }
  } finally {
    await crowd.stop()
  }
}

/** One link, then 200 of the same, in processes that are as warm. */
export async function measureSenders({ dial, plan }) {
  const load = { mode: 'crowd', size: SIZE, seconds: plan.loadSeconds }
  await dial({ ...load, count: 1, seconds: plan.warmup })
  const one = await dial({ ...load, count: 1 })
  const all = await dial({ ...load, count: SENDERS })
  const totalShare = (all.perSecond / one.perSecond) * 100
  return { one: one.perSecond, total: all.perSecond, totalShare, slowestShare: all.slowestShare * 100 }
}
