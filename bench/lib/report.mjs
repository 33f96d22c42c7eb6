/** Puts measurements into tables. */
import { factRows, frameGoals } from './rows.mjs'
import { formatNumber, formatSummary, formatTable, goalCells, limitCell, verdict, withinLimit } from './table.mjs'

const sizeNames = { 100: '100 B', 32768: '32 KB', 100000: '100 KB' }
/** Notes that belong to a figure. */
const notes = {
  'geth, snap sync': 'geth, snap sync: it also fetches the state, and executes the last 64 blocks',
  'geth, full sync': 'geth, full sync: it also executes',
}
const HEAD = ['', 'peerloom', 'against', 'theirs', 'ratio', 'at least', 'aim', 'reached']

export function printMachine(machine) {
  for (const [name, value] of Object.entries(machine)) console.log(`${name}: ${value}`)
}

/** One line for each pair: a ratio is the median of the rounds' ratios, with the least and the greatest. */
export function printPairs(found) {
  if (found.length === 0) return
  console.log(`\n${formatTable(HEAD, found.flatMap(pairLines))}`)
  for (const line of found.flatMap(failureLines)) console.log(line)
}

function pairLines({ title, unit, less, sides, failures }) {
  const [[ours, own], ...others] = Object.entries(sides)
  return others.map(([name, { value, ratio, goal }], index) => {
    const theirs = failures[name] ? '– (below)' : formatSummary(value, unit)
    const first = failures[ours] ? '– (below)' : formatSummary(own.value, unit)
    const reached = verdict(ratio?.median, goal, less)
    return [
      index === 0 ? title : '',
      index === 0 ? first : '',
      notes[name] ?? name,
      theirs,
      formatSummary(ratio, '×'),
      ...goalCells(goal, less),
      reached,
    ]
  })
}

function failureLines({ row, failures }) {
  return Object.entries(failures).map(([name, why]) => `${row}: ${name} was not measured: ${why}`)
}

export function printFrames(found) {
  if (found.length === 0) return
  console.log(
    '\nA whole frame (snappy, encrypt, MAC) on one thread in memory, beside the bare crypto on the same bytes:\n',
  )
  const head = ['payload', 'bare crypto', 'written', 'share', 'read', 'share', 'at least', 'written', 'read']
  const rows = found.map(({ size, bare, write, writeShare, read, readShare }) => [
    sizeNames[size] ?? `${size} B`,
    formatSummary(bare, '/s'),
    formatSummary(write, '/s'),
    percent(writeShare),
    formatSummary(read, '/s'),
    percent(readShare),
    frameGoals[size].atLeast === undefined ? '' : `${frameGoals[size].atLeast * 100} %`,
    verdict(writeShare.median, frameGoals[size]),
    verdict(readShare.median, frameGoals[size]),
  ])
  console.log(formatTable(head, rows))
}

function percent({ median, min, max }) {
  const whole = (value) => Math.round(value * 100)
  return `${whole(median)} % (${whole(min)}–${whole(max)})`
}

/** JSON-RPC: calls a second and CPU a call beside each other, because some sides use two cores and ours one. */
export function printCalls(found) {
  if (found.length === 0) return
  console.log('\nJSON-RPC; CPU of the measured process, greater ratios are better:\n')
  const head = [
    '',
    'against',
    'calls/s',
    'theirs',
    'ratio',
    'CPU a call',
    'theirs',
    'ratio',
    'at least',
    'aim',
    'reached',
  ]
  console.log(formatTable(head, found.flatMap(callLines)))
  for (const line of found.flatMap(failureLines)) console.log(line)
}

function callLines({ title, sides: { peerloom: ours, ...others } }) {
  return Object.entries(others).map(([name, theirs], index) => [
    ...[index === 0 ? title : '', name, formatSummary(ours.rate), formatSummary(theirs.rate)],
    ...[formatSummary(theirs.rateRatio, '×'), formatSummary(ours.cpu, ' µs'), formatSummary(theirs.cpu, ' µs')],
    formatSummary(theirs.cpuRatio, '×'),
    ...goalCells(theirs.goal).map((cell) => cell && `${cell} ${theirs.goal.of === 'cpu' ? 'CPU' : 'calls/s'}`),
    verdict((theirs.goal.of === 'cpu' ? theirs.cpuRatio : theirs.rateRatio)?.median, theirs.goal),
  ])
}

/** Prints figures that are compared with nothing. */
export function printFacts(found) {
  if (found.length === 0) return
  console.log('\nOne Peerloom process, measured from outside:\n')
  const lines = found.flatMap(({ row, facts }) =>
    Object.entries(factRows[row]).map(([key, fact]) => [
      row,
      fact.title,
      formatSummary(facts[key], fact.unit),
      limitCell(fact),
      withinLimit(facts[key]?.median, fact),
    ]),
  )
  console.log(formatTable(['row', '', 'peerloom', 'goal', 'reached'], lines))
  for (const line of found.flatMap(failureLines)) console.log(line)
}

/** Peak and growth of the memory of the node that synced. */
export function printMemory(found) {
  const runs = found.flatMap(({ row, sides }) =>
    Object.entries(sides).flatMap(([name, { rounds }]) => {
      const last = rounds.filter(Boolean).at(-1)
      return last ? [[row, name, `${formatNumber(last.peakMegabytes)} MB`, growth(last)]] : []
    }),
  )
  if (runs.length === 0) return
  console.log('\nResident memory while syncing (growth: after the first 40 % of the run):\n')
  console.log(formatTable(['', 'node', 'peak', 'growth'], runs))
}

function growth({ growthMegabytesPerSecond: rate }) {
  return rate === undefined ? 'too short to tell' : `${rate.toFixed(2)} MB/s`
}
