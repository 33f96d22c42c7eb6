#!/usr/bin/env node
/** The program `peerloom`. */
import { systemClock } from '../base/clock.ts'
import { main, SIGNALS } from './index.ts'

/** Milliseconds that handles still open may keep the process alive after the command has ended. */
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
