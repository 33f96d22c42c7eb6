#!/usr/bin/env node
/** The program `peerloom`. */
import { systemClock } from '../base/clock.ts'
import { main, SIGNALS } from './index.ts'

/** Something that has not ended by itself this long after the last word was said is left behind, in milliseconds. */
const LINGER_TIMEOUT = 2_000

const exitCode = await main(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  onSignals: (listener) => {
    for (const signal of SIGNALS) process.on(signal, listener)
  },
  exit: (code) => process.exit(code),
})
process.exitCode = exitCode
systemClock.setTimer(LINGER_TIMEOUT, () => process.exit(exitCode))
