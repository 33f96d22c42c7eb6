/** Measures the rows without a peer to compare with: Peerloom alone, in its own processes. */
import { measureFlood, measureUnread } from './fairness.mjs'
import { measureGrowth } from './growth.mjs'
import { measureMany, measureSenders } from './many.mjs'
import { dial, hold, serve } from './peers.mjs'
import { factRows } from './rows.mjs'
import { summary } from './stats.mjs'

const SIDE = 'peerloom'

/** Each takes `{ dial(args), hold(args), plan }` and resolves with the round's numbers, by the row's facts. */
const measurements = { many: measureMany, senders: measureSenders, fairness: measureFlood, unread: measureUnread }

/**
 * `context` has: rounds, plan (seconds, warmup, loadSeconds, minutes), env, note. Resolves with
 * `{ row, facts: { [key]: { median, min, max } }, rounds, failures }`.
 */
export async function measureFacts(row, context) {
  const failures = {}
  const rounds = []
  try {
    if (row === 'growth') return { row, failures, ...(await measureGrowth(grounds(context), context)) }
    for (let round = 0; round < context.rounds; round++) {
      context.note(`${row}, round ${round + 1} of ${context.rounds}`)
      rounds.push(await grounds(context)(measurements[row]))
    }
  } catch (error) {
    failures[SIDE] = error.message
  }
  const facts = Object.keys(factRows[row]).map((key) => [key, summary(rounds.map((values) => values[key]))])
  return { row, facts: Object.fromEntries(facts), rounds, failures }
}

/** Runs a measurement with a process of ours that serves, made for it alone. */
function grounds({ plan, env }) {
  return async (measurement) => {
    const context = { ...plan, env }
    const { program, enode } = await serve(SIDE, context)
    try {
      return await measurement({
        plan,
        dial: (args) => dial(SIDE, enode, args, context),
        hold: (args) => hold(SIDE, enode, args, context),
      })
    } finally {
      await program.stop()
    }
  }
}
