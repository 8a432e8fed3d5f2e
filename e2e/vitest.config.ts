import { defineConfig } from 'vitest/config'

/** End-to-end specs: real processes, a real PostgreSQL, a real Chromium. One file at a time; each starts an instance of its own. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['**/*.spec.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
  },
})
