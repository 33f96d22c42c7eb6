/** Watches the resident memory of another process: its peak, and whether it grows. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { trend } from './stats.mjs'

const SAMPLE_INTERVAL = 200
/** The first part of a run fills caches: growth is what comes after it. */
const WARMUP_SHARE = 0.4

export class Resident {
  #pid
  #timer
  /** `[seconds, megabytes]`. BOUNDED: five a second, for as long as a program is measured. */
  #samples = []
  #start = performance.now()

  constructor(pid) {
    this.#pid = pid
    this.#timer = setInterval(() => this.#sample(), SAMPLE_INTERVAL)
  }

  /** Ends it: `{ peakMegabytes, growthMegabytesPerSecond }`; the growth is undefined for a run too short to tell. */
  stop() {
    clearInterval(this.#timer)
    const late = this.#samples.slice(Math.floor(this.#samples.length * WARMUP_SHARE))
    const peakMegabytes = this.#samples.reduce((peak, [, megabytes]) => Math.max(peak, megabytes), 0)
    return { peakMegabytes, growthMegabytesPerSecond: late.length < 10 ? undefined : trend(late).slope }
  }

  #sample() {
    if (process.platform === 'linux') return this.#add(readStatus(this.#pid))
    execFile('ps', ['-o', 'rss=', '-p', String(this.#pid)], (error, text) => {
      if (!error) this.#add(Number(text) / 1000)
    })
  }

  #add(megabytes) {
    if (megabytes > 0) this.#samples.push([(performance.now() - this.#start) / 1000, megabytes])
  }
}

/** Megabytes; 0 when the process is gone. */
function readStatus(pid) {
  try {
    return (Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024) / 1e6
  } catch {
    return 0
  }
}
