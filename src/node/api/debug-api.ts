/**
 * `debug_*`: what goes on in the process. Source: go-ethereum internal/debug/api.go.
 * @module
 */

import { createWriteStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { Session } from 'node:inspector/promises'
import { homedir } from 'node:os'
import { isAbsolute, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { getHeapSnapshot, getHeapStatistics } from 'node:v8'
import { z } from 'zod'
import type { Clock } from '../../base/clock.ts'
import { ConfigError } from '../../base/errors.ts'
import { method, param, RpcError, RpcErrorCode } from '../../rpc/index.ts'
import { LOG_LEVELS, type LogLevels, logLevelOf } from '../log-levels.ts'

export interface DebugTarget {
  readonly levels: LogLevels | undefined
  readonly dataDir: string | undefined
  readonly clock: Clock
}

const file = [param('file', z.string().min(1))] as const
/** Longest CPU profile that ends by itself, in seconds: a profile is held in memory. */
const MAX_PROFILE_SECONDS = 600

export function debugApi({ levels, dataDir, clock }: DebugTarget) {
  const profiler = new CpuProfiler()
  const at = (path: string): string => fileFor(path, dataDir)
  return {
    verbosity: method(
      { summary: 'how much is logged: 0 to 5, or a name', params: [param('level', z.union([z.int(), z.string()]))] },
      (level) => {
        const known = logLevelOf(String(level))
        if (known === undefined) throw badParams(`the level is one of 0 to 5, or ${LOG_LEVELS.join(', ')}`)
        levels?.verbosity(known)
        return null
      },
    ),
    vmodule: method(
      { summary: 'levels of single modules, such as peer=5,sync=4', params: [param('pattern', z.string())] },
      (pattern) => {
        blaming(() => levels?.vmodule(pattern))
        return null
      },
    ),
    memStats: method({ summary: 'memory of the process, in bytes', params: [] }, () => ({
      ...process.memoryUsage(),
      heap: getHeapStatistics(),
    })),
    cpuProfile: method(
      {
        summary: 'writes a CPU profile of that many seconds to a file, for Chrome DevTools',
        params: [...file, param('seconds', z.number().positive().max(MAX_PROFILE_SECONDS))],
      },
      async (path, seconds, { signal }) => {
        await profiler.start(at(path))
        try {
          await clock.sleep(seconds * 1_000, { signal })
        } finally {
          await profiler.stop()
        }
        return null
      },
    ),
    startCPUProfile: method({ summary: 'begins a CPU profile', params: file }, async (path) => {
      await profiler.start(at(path))
      return null
    }),
    stopCPUProfile: method({ summary: 'writes the CPU profile to its file', params: [] }, async () => {
      await profiler.stop()
      return null
    }),
    writeMemProfile: method(
      { summary: 'writes a heap snapshot to a file; nothing else runs meanwhile', params: file },
      async (path) => {
        await pipeline(getHeapSnapshot(), createWriteStream(at(path), { mode: 0o600 }))
        return null
      },
    ),
  }
}

/** One profile at a time: the engine has one profiler. */
class CpuProfiler {
  #running: { readonly session: Session; readonly path: string } | undefined

  async start(path: string): Promise<void> {
    if (this.#running) throw new RpcError(RpcErrorCode.Default, 'CPU profiling already in progress')
    const session = new Session()
    this.#running = { session, path }
    session.connect()
    await session.post('Profiler.enable')
    await session.post('Profiler.start')
  }

  async stop(): Promise<void> {
    const running = this.#running
    if (!running) throw new RpcError(RpcErrorCode.Default, 'CPU profiling not in progress')
    this.#running = undefined
    const { profile } = await running.session.post('Profiler.stop')
    running.session.disconnect()
    await writeFile(running.path, JSON.stringify(profile), { mode: 0o600 })
  }
}

/** As go-ethereum's `expandHome`; what is not absolute is in the data folder. */
function fileFor(path: string, dataDir: string | undefined): string {
  if (path.startsWith('~/')) return resolve(homedir(), path.slice(2))
  return isAbsolute(path) ? path : resolve(dataDir ?? '.', path)
}

function blaming(change: () => void): void {
  try {
    change()
  } catch (error) {
    throw error instanceof ConfigError ? badParams(error.message) : error
  }
}

function badParams(message: string): RpcError {
  return new RpcError(RpcErrorCode.InvalidParams, message)
}
