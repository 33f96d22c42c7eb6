/**
 * Namespace `debug`: log levels and profiles of the process. Source: go-ethereum internal/debug/api.go.
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
import { LOG_LEVELS, type LogLevels, logLevelOf } from '../log/levels.ts'

export interface DebugApiOptions {
  readonly levels: LogLevels | undefined
  readonly dataDir: string | undefined
  readonly clock: Clock
}

const file = [param('file', z.string().min(1))] as const
/** Longest timed CPU profile, in seconds: a profile is kept in memory. */
const MAX_PROFILE_SECONDS = 600

export function debugApi({ levels, dataDir, clock }: DebugApiOptions) {
  const profiler = new CpuProfiler()
  const at = (path: string): string => resolvePath(path, dataDir)
  return {
    verbosity: method(
      { summary: 'sets the log level: 0 to 5, or a name', params: [param('level', z.union([z.int(), z.string()]))] },
      (level) => {
        const known = logLevelOf(String(level))
        if (known === undefined)
          throw invalidParams(`invalid level ${JSON.stringify(level)}, want 0 to 5, or ${LOG_LEVELS.join(', ')}`)
        levels?.verbosity(known)
        return null
      },
    ),
    vmodule: method(
      { summary: 'sets the log levels of modules, such as peer=5,sync=4', params: [param('pattern', z.string())] },
      (pattern) => {
        asInvalidParams(() => levels?.vmodule(pattern))
        return null
      },
    ),
    memStats: method({ summary: 'memory use of the process, in bytes', params: [] }, () => ({
      ...process.memoryUsage(),
      heap: getHeapStatistics(),
    })),
    cpuProfile: method(
      {
        summary: 'profiles the CPU for some seconds and writes the profile to a file, for Chrome DevTools',
        params: [...file, param('seconds', z.number().positive().max(MAX_PROFILE_SECONDS))],
      },
      async (path, seconds, { signal }) => {
        const profile = await profiler.start(at(path))
        try {
          await clock.sleep(seconds * 1_000, { signal })
        } finally {
          await profiler.stop(profile) // no effect when it was stopped already
        }
        return null
      },
    ),
    startCPUProfile: method({ summary: 'starts a CPU profile', params: file }, async (path) => {
      await profiler.start(at(path))
      return null
    }),
    stopCPUProfile: method({ summary: 'stops the CPU profile and writes it to its file', params: [] }, async () => {
      await profiler.stop()
      return null
    }),
    writeMemProfile: method(
      { summary: 'writes a heap snapshot to a file, and blocks the process meanwhile', params: file },
      async (path) => {
        await pipeline(getHeapSnapshot(), createWriteStream(at(path), { mode: 0o600 }))
        return null
      },
    ),
  }
}

interface Profile {
  readonly session: Session
  readonly path: string
}

/** Runs one CPU profile at a time, because the engine has one profiler. */
class CpuProfiler {
  #running: Profile | undefined

  async start(path: string): Promise<Profile> {
    if (this.#running) throw new RpcError(RpcErrorCode.Default, 'CPU profiling already in progress')
    const started: Profile = { session: new Session(), path }
    this.#running = started
    try {
      started.session.connect()
      await started.session.post('Profiler.enable')
      await started.session.post('Profiler.start')
    } catch (error) {
      this.#end(started)
      throw error
    }
    return started
  }

  /** Stops and writes the profile; `only`: no effect unless this one is running. */
  async stop(only?: Profile): Promise<void> {
    const running = this.#running
    if (only && running !== only) return
    if (!running) throw new RpcError(RpcErrorCode.Default, 'CPU profiling not in progress')
    this.#running = undefined
    try {
      const { profile } = await running.session.post('Profiler.stop')
      await writeFile(running.path, JSON.stringify(profile), { mode: 0o600 })
    } finally {
      this.#end(running)
    }
  }

  #end(profile: Profile): void {
    if (this.#running === profile) this.#running = undefined
    profile.session.disconnect()
  }
}

/**
 * Absolute path; `~/` is the home directory, as in go-ethereum's `expandHome`, and a relative path is in the data
 * folder.
 */
function resolvePath(path: string, dataDir: string | undefined): string {
  if (path.startsWith('~/')) return resolve(homedir(), path.slice(2))
  return isAbsolute(path) ? path : resolve(dataDir ?? '.', path)
}

function asInvalidParams(change: () => void): void {
  try {
    change()
  } catch (error) {
    throw error instanceof ConfigError ? invalidParams(error.message) : error
  }
}

function invalidParams(message: string): RpcError {
  return new RpcError(RpcErrorCode.InvalidParams, message)
}
