/** The bench's command line. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { rowNames } from './rows.mjs'

export const usage = `npm run bench -- [--quick] [--only ROW]… [--rounds N] [--json FILE] [--dist FOLDER] [--minutes N]

  --quick         the same rows with shorter and fewer rounds, in about four minutes; no 20,000-block chain
  --only ROW      one row; may be given several times:
                  ${rowNames.join(' ')}
                  growth runs only when it is named: 10 minutes of messages, then 10 of handshakes
  --rounds N      rounds of each side
  --minutes N     length of each half of growth; one or two give warm-up and noise
  --json FILE     writes all measurements, round by round
  --dist FOLDER   measures another build of Peerloom; nothing is built then
`

const full = {
  rounds: 5,
  seconds: 3,
  warmup: 1,
  load: { handshakes: 1000, handshakeWarmup: 4, idlePeers: 200, slowIdlePeers: 200, holdSeconds: 3 },
  memoryRounds: 3,
  syncRounds: 3,
  longSyncRounds: 3,
  factRounds: { many: 3, senders: 5, fairness: 5, unread: 1 },
  rpc: { rounds: 5, seconds: 0.6, warmup: 1 },
  loadSeconds: 4,
  minutes: 10,
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
  factRounds: { many: 1, senders: 2, fairness: 1, unread: 1 },
  rpc: { rounds: 2, seconds: 0.4, warmup: 0.5 },
  loadSeconds: 1.5,
  minutes: 10,
  frame: { rounds: 5, milliseconds: 200 },
}

/** Too long to stand among the others. */
const ON_DEMAND = ['growth']

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
      minutes: { type: 'string' },
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
    ...(values.minutes !== undefined && { minutes: minutesOf(values.minutes) }),
    quick: values.quick,
    help: values.help,
    json: values.json,
    dist: values.dist === undefined ? undefined : resolve(values.dist),
    wants: (row) => (values.only.length === 0 ? !ON_DEMAND.includes(row) : values.only.includes(row)),
  }
}

function minutesOf(text) {
  const minutes = Number(text)
  if (!(minutes > 0 && minutes <= 1440)) throw new Error(`--minutes: "${text}" is not a number of minutes up to a day`)
  return minutes
}

function roundsOf(text, { longSyncRounds, factRounds, frame, rpc }) {
  const rounds = Number(text)
  if (!Number.isSafeInteger(rounds) || rounds < 1)
    throw new Error(`--rounds: "${text}" is not a whole number from 1 up`)
  const long = longSyncRounds > 0 ? { longSyncRounds: rounds } : {}
  const facts = Object.fromEntries(Object.keys(factRounds).map((row) => [row, rounds]))
  const each = { rounds, memoryRounds: rounds, syncRounds: rounds, factRounds: facts }
  return { ...each, frame: { ...frame, rounds }, rpc: { ...rpc, rounds }, ...long }
}
