/** Puts what was measured into tables. */
import { frameGoals, linkRows } from './rows.mjs'
import { formatNumber, formatSummary, formatTable, goalCells, verdict } from './table.mjs'

const titles = {
  'sync-600': 'sync of 600 blocks from geth',
  'sync-20000': 'sync of 20,000 blocks from geth',
}
const sizeNames = { 100: '100 B', 32768: '32 KB', 100000: '100 KB' }
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

function pairLines({ row, unit, sides, failures }) {
  const known = linkRows.find(({ name }) => name === row)
  const less = known?.less
  const [[ours, own], ...others] = Object.entries(sides)
  return others.map(([name, { value, ratio, goal }], index) => {
    const title = index === 0 ? (known?.title ?? titles[row]) : ''
    const theirs = failures[name] ? '– (below)' : formatSummary(value, unit)
    const first = failures[ours] ? '– (below)' : formatSummary(own.value, unit)
    const against = row.startsWith('sync') ? `${name}, full sync: it also executes` : name
    const reached = verdict(ratio?.median, goal, less)
    return [
      title,
      index === 0 ? first : '',
      against,
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
  const head = ['payload', 'bare crypto', 'written', 'share', 'read', 'share', 'aim']
  const rows = found.map(({ size, bare, write, writeShare, read, readShare }) => [
    sizeNames[size] ?? `${size} B`,
    formatSummary(bare, '/s'),
    formatSummary(write, '/s'),
    percent(writeShare),
    formatSummary(read, '/s'),
    percent(readShare),
    frameGoals[size].aim === undefined ? '' : `${frameGoals[size].aim * 100} %`,
  ])
  console.log(formatTable(head, rows))
}

function percent({ median, min, max }) {
  const whole = (value) => Math.round(value * 100)
  return `${whole(median)} % (${whole(min)}–${whole(max)})`
}

/** Peak and growth of whoever synced. */
export function printMemory(found) {
  const runs = found.flatMap(({ row, sides }) =>
    Object.entries(sides).flatMap(([name, { rounds }]) => {
      const last = rounds.filter(Boolean).at(-1)
      return last ? [[row, name, `${formatNumber(last.peakMegabytes)} MB`, growth(last)]] : []
    }),
  )
  if (runs.length === 0) return
  console.log('\nResident memory while syncing (growth: after the first 40 % of the run):\n')
  console.log(formatTable(['', 'who', 'peak', 'growth'], runs))
}

function growth({ growthMegabytesPerSecond: rate }) {
  return rate === undefined ? 'too short to tell' : `${rate.toFixed(2)} MB/s`
}
