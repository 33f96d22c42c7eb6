import { defineConfig } from 'vitest/config'

/** Bounded in time by PEERLOOM_FUZZ_SECONDS (each entry; default 10). */
export default defineConfig({
  test: { include: ['test/fuzz/**/*.test.ts'], setupFiles: ['test/support/setup.ts'], testTimeout: 600_000 },
})
