import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** Files that use up, measure or dump what a process has once: crypto memory, unpacking, external memory, the heap. */
const ALONE = [
  'src/codec/snappy.test.ts',
  'src/crypto/frame-crypto.test.ts',
  'src/crypto/kernel.test.ts',
  'src/node/api/debug-api.test.ts',
]

const ELSEWHERE = ['test/interop/**', 'test/fuzz/**']

export default defineConfig({
  test: {
    maxWorkers: availableParallelism(),
    setupFiles: ['test/support/setup.ts'],
    // Only ends a test that hangs: generous, for machines that are busy.
    testTimeout: 60_000,
    projects: [
      {
        extends: true,
        // Files share the modules of their worker: to load them anew for each file costs more than the tests.
        test: {
          name: 'shared',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [...ELSEWHERE, ...ALONE],
          isolate: false,
        },
      },
      { extends: true, test: { name: 'alone', include: ALONE } },
    ],
  },
})
