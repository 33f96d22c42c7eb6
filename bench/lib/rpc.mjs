/** The common part of the rows of JSON-RPC clients and servers: sides in turn, round by round, and the summary. */
import { ratios, summary } from './stats.mjs'

const OURS = 'peerloom'

/** The sides a row compares, ours first. */
export function rpcSides(row) {
  return [OURS, ...Object.keys(row.goals)]
}

/**
 * `measure(name)` resolves with `{ calls, seconds, cpuMicros }`. A side that fails is given up, and says why in
 * `failures`, which may name sides that have failed already.
 */
export async function takeTurns(row, { rounds, note }, measure, failures = {}) {
  const results = Object.fromEntries(rpcSides(row).map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    note(`${row.name}, round ${round + 1} of ${rounds}`)
    for (const name of rpcSides(row)) {
      if (failures[name]) continue
      try {
        results[name][round] = await measure(name)
      } catch (error) {
        failures[name] = error.message
      }
    }
  }
  return summarise(row, results, failures, rounds)
}

/** The row of what cannot be measured here. */
export function unmeasuredRpc(row, why) {
  const failures = Object.fromEntries(rpcSides(row).map((name) => [name, why]))
  return { ...summarise(row, {}, failures, 0), excused: true }
}

function summarise({ name: row, title, goals }, results, failures, rounds) {
  const valuesOf = (name, value) =>
    Array.from({ length: rounds }, (_, round) => (results[name][round] ? value(results[name][round]) : Number.NaN))
  const rates = (name) => valuesOf(name, ({ calls, seconds }) => calls / seconds)
  const costs = (name) => valuesOf(name, ({ calls, cpuMicros }) => cpuMicros / calls || Number.NaN)
  const sides = {}
  for (const name of [OURS, ...Object.keys(goals)]) {
    sides[name] = { rate: summary(rates(name)), cpu: summary(costs(name)), goal: goals[name], rounds: results[name] }
    sides[name].rateRatio = ratios(rates(OURS), rates(name))
    sides[name].cpuRatio = ratios(costs(name), costs(OURS))
  }
  return { row, title, sides, failures }
}
