/** Measures the growth of memory under a steady load: a line through the samples after the warm-up. */
import { trend } from './stats.mjs'

/** The first part of a run fills caches and pools: growth is what comes after it. */
const WARMUP_SHARE = 0.2
const HOUR = 3600

const loads = {
  messages: { mode: 'soakMessages', size: 100 },
  handshakes: { mode: 'soakHandshakes', concurrency: 8 },
}

/** `{ facts, rounds }` of the row, the loads one after the other. `withServer` runs a measurement on a fresh process. */
export async function measureGrowth(withServer, { plan, note }) {
  const facts = {}
  const rounds = []
  for (const [name, load] of Object.entries(loads)) {
    note(`growth, ${plan.minutes} minutes of ${name}`)
    const result = await withServer(({ dial }) => dial({ ...load, seconds: plan.minutes * 60 }))
    for (const [key, value] of Object.entries(factsOf(result))) facts[`${name}.${key}`] = value
    rounds.push(result)
  }
  return { facts, rounds }
}

function factsOf({ seconds, samples, perSecond }) {
  const late = samples.filter(({ time }) => time > seconds * WARMUP_SHARE)
  return {
    resident: growth(late, 'resident'),
    held: growth(late, 'held'),
    raw: growth(late, 'raw'),
    megabytes: exactly(late.at(-1).raw / 1e6),
    rate: exactly(perSecond),
  }
}

/** Percent of its mean an hour, with two standard errors to each side. */
function growth(samples, kind) {
  const mean = samples.reduce((sum, sample) => sum + sample[kind], 0) / samples.length
  const { slope, error } = trend(samples.map((sample) => [sample.time, (sample[kind] / mean) * 100]))
  return { median: slope * HOUR, min: (slope - 2 * error) * HOUR, max: (slope + 2 * error) * HOUR }
}

function exactly(value) {
  return { median: value, min: value, max: value }
}
