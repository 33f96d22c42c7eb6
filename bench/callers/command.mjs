/**
 * The command line that all JSON-RPC clients share:
 *
 *   node <caller>.mjs --url URL [--concurrency N] [--batch N]
 *
 * Says {"event":"ready"} when it is connected. Then, for each line it is given with a number of seconds, calls
 * eth_blockNumber for so long and says {"calls":…,"seconds":…,"cpuMicros":…}: the CPU is that of its own process. Ends with
 * its input.
 */
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

export const METHOD = 'eth_blockNumber'
export const RESULT = '0x258'

const options = { url: { type: 'string' }, concurrency: { type: 'string' }, batch: { type: 'string' } }

/** `connect({ url, concurrency, batch })` resolves with a function that makes one call, or one batch, and its result(s). */
export async function runCaller(connect) {
  const { values } = parseArgs({ options })
  const { url } = values
  const concurrency = Number(values.concurrency ?? 1)
  const batch = Number(values.batch ?? 0)
  const call = await connect({ url, concurrency, batch })
  check(await call(), batch)
  emit({ event: 'ready' })
  for await (const line of createInterface({ input: process.stdin })) {
    emit(await round(call, { seconds: Number(line), concurrency, each: batch || 1 }))
  }
  process.exit(0) // libraries that keep connections must not keep the process
}

async function round(call, { seconds, concurrency, each }) {
  let calls = 0
  const cpu = process.cpuUsage()
  const start = performance.now()
  const end = start + seconds * 1000
  const worker = async () => {
    while (performance.now() < end) {
      await call()
      calls += each
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  const { user, system } = process.cpuUsage(cpu)
  return { calls, seconds: (performance.now() - start) / 1000, cpuMicros: user + system }
}

/** Checks the first answer: a client that fails fast must not win. */
function check(result, batch) {
  const results = batch > 0 ? result : [result]
  const good = results.length === (batch || 1) && results.every((each) => each === RESULT)
  if (!good) throw new Error(`the first call was answered with ${JSON.stringify(result)}`)
}

function emit(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
