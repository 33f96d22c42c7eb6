/**
 * Setup of every test file, run anew for each although files share their modules: one seed for fast-check and for
 * `random.ts`, printed by a test that fails, and a check that a file closes the servers it opened.
 */
import fc from 'fast-check'
import { afterAll, beforeEach, expect, vi } from 'vitest'
import { restart, SEED } from './random.ts'

fc.configureGlobal({ seed: SEED })
restart()

beforeEach(({ onTestFailed }) => {
  restart()
  onTestFailed(({ task }) => console.error(`PEERLOOM_TEST_SEED=${SEED} repeats the random draws of "${task.name}"`))
})

/** Hooks run from the last to the first, so that this one sees what a file leaves after all its own. */
afterAll(async () => {
  const openServers = () => process.getActiveResourcesInfo().filter((name) => name.endsWith('ServerWrap'))
  await vi.waitFor(() => expect(openServers(), 'servers that this file left open').toEqual([]), { timeout: 10_000 })
}, 20_000)
