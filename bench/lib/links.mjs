/** Measures the rows of two processes on one link, with the rounds of the sides in turn. */
import { dial, hold, serve } from './peers.mjs'
import { ratios, summary } from './stats.mjs'

/** The sides a row compares, ours first. */
export function sidesOf(row) {
  return [row.ours, ...Object.keys(row.goals)]
}

/**
 * `context` has: rounds, load (what the row's `args` want to know), seconds, warmup, env for our side, `missing` by side
 * (why it cannot run), and `note` for progress. A side that fails is given up, and says why in `failures`.
 */
export async function measureLink(row, context) {
  const names = sidesOf(row)
  const results = Object.fromEntries(names.map((name) => [name, []]))
  const failures = {}
  for (const name of names) if (context.missing[name]) failures[name] = context.missing[name]
  const servers = {}
  try {
    for (let round = 0; round < context.rounds; round++) {
      for (const name of names) {
        if (failures[name]) continue
        context.note(`${row.name}, round ${round + 1} of ${context.rounds}: ${name}`)
        try {
          results[name][round] = await measureOnce(row, name, servers, context)
        } catch (error) {
          failures[name] = error.message
        }
      }
    }
  } finally {
    await Promise.all(Object.values(servers).map(({ program }) => program.stop()))
  }
  return summarise(row, results, failures, context.rounds)
}

async function measureOnce(row, name, servers, context) {
  if (row.heldBefore) return await measureHeld(row, name, context)
  servers[name] ??= await serve(name, context)
  return await dial(name, servers[name].enode, row.args(name, context.load), context)
}

async function measureHeld(row, name, context) {
  const { program, enode } = await serve(name, context)
  const first = await hold(name, enode, { mode: 'idle', count: row.heldBefore, seconds: 600 }, context)
  try {
    return await dial(name, enode, row.args(name, context.load), context)
  } finally {
    await Promise.all([first.stop(), program.stop()])
  }
}

function summarise(row, results, failures, rounds) {
  const valuesOf = (name) => Array.from({ length: rounds }, (_, round) => pick(row, results[name][round]))
  const ours = valuesOf(row.ours)
  const found = { row: row.name, title: row.title, unit: row.unit, less: row.less, sides: {}, failures }
  for (const name of sidesOf(row)) {
    const values = valuesOf(name)
    const ratio = name === row.ours ? undefined : ratios(ours, values)
    found.sides[name] = { value: summary(values), ratio, goal: row.goals[name], rounds: results[name] }
  }
  return found
}

function pick(row, result) {
  return result === undefined ? Number.NaN : row.value(result)
}
