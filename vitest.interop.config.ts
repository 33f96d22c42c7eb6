import { defineConfig } from 'vitest/config'

/** Real peers: built once with the machine's Go, one file at a time (two cores, and they are measured against clocks). */
export default defineConfig({
  test: {
    include: ['test/interop/**/*.test.ts'],
    setupFiles: ['test/support/setup.ts'],
    globalSetup: ['test/interop/build.ts'],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
})
