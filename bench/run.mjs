#!/usr/bin/env node
/**
 * Peerloom beside the peers one would use instead: `npm run bench` (README.md says how it measures). Progress goes to
 * stderr, the tables to stdout. Ends with 1 when something that should have been measured could not be.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readOptions, usage } from './lib/options.mjs'

const started = performance.now()

function note(text) {
  process.stderr.write(`bench ${String(Math.round((performance.now() - started) / 1000)).padStart(4)} s: ${text}\n`)
}

async function main() {
  const options = readOptions(process.argv.slice(2))
  if (options.help) return console.log(usage)
  const { measureAll } = await import('./lib/measure.mjs')
  const { describeMachine } = await import('./lib/machine.mjs')
  const { prepareOurs, preparePeers, root } = await import('./lib/prepare.mjs')
  const { printCalls, printFacts, printFrames, printMachine, printMemory, printPairs } = await import(
    './lib/report.mjs'
  )
  if (options.dist === undefined) prepareOurs(note)
  preparePeers(note)
  const dist = options.dist ?? join(root, 'dist')
  const machine = describeMachine(dist)
  const found = await measureAll({ ...options, dist }, note)
  printMachine(machine)
  printPairs([...found.links, ...found.syncs])
  printFrames(found.frames)
  printMemory(found.syncs)
  printCalls(found.calls)
  printFacts(found.facts)
  note('done')
  if (options.json)
    writeFileSync(options.json, `${JSON.stringify({ machine, quick: options.quick, ...found }, null, 2)}\n`)
  process.exitCode = found.complete ? 0 : 1
}

try {
  await main()
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
