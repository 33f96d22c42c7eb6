/** The bench's command line. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { rowNames } from './rows.mjs'

export const usage = `npm run bench -- [--quick] [--only ROW]… [--rounds N] [--json FILE] [--dist FOLDER]

  --quick         the same rows with shorter and fewer rounds, in under three minutes; no 20,000-block chain
  --only ROW      one row; may stand there several times:
                  ${rowNames.join(' ')}
  --rounds N      how often each side is measured
  --json FILE     writes everything that was measured, round by round
  --dist FOLDER   measures another build of Peerloom; nothing is built then
`

const full = {
  rounds: 5,
  seconds: 3,
  warmup: 1,
  load: { handshakes: 1000, handshakeWarmup: 4, idlePeers: 200, slowIdlePeers: 200, holdSeconds: 3 },
  memoryRounds: 3,
  syncRounds: 3,
  longSyncRounds: 1,
  frame: { rounds: 9, milliseconds: 900 },
}

const quick = {
  rounds: 2,
  seconds: 0.5,
  warmup: 0.25,
  load: { handshakes: 100, handshakeWarmup: 0.25, idlePeers: 200, slowIdlePeers: 80, holdSeconds: 0.5 },
  memoryRounds: 1,
  syncRounds: 1,
  longSyncRounds: 0,
  frame: { rounds: 5, milliseconds: 200 },
}

/** Throws an Error that says what is wrong with the command line. */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      json: { type: 'string' },
      dist: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  for (const name of values.only) {
    if (!rowNames.includes(name))
      throw new Error(`--only: no row is called "${name}": there are ${rowNames.join(', ')}`)
  }
  const plan = { ...(values.quick ? quick : full) }
  if (values.only.includes('sync-20000')) plan.longSyncRounds ||= 1
  return {
    ...plan,
    ...(values.rounds !== undefined && roundsOf(values.rounds, plan)),
    quick: values.quick,
    help: values.help,
    json: values.json,
    dist: values.dist === undefined ? undefined : resolve(values.dist),
    wants: (row) => values.only.length === 0 || values.only.includes(row),
  }
}

function roundsOf(text, { longSyncRounds, frame }) {
  const rounds = Number(text)
  if (!Number.isSafeInteger(rounds) || rounds < 1)
    throw new Error(`--rounds: "${text}" is not a whole number from 1 up`)
  const long = longSyncRounds > 0 ? { longSyncRounds: rounds } : {}
  return { rounds, memoryRounds: rounds, syncRounds: rounds, frame: { ...frame, rounds }, ...long }
}
