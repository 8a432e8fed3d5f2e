import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['apps/*/**/*.test.{ts,tsx}', 'packages/*/**/*.test.ts', 'infra/**/*.test.ts'],
    // Those that need a bucket run with the tests that take longer.
    exclude: ['**/node_modules/**', '**/.next/**', '**/*.full.test.ts', '**/*.s3.test.ts'],
    globalSetup: ['infra/test/postgres-for-tests.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Generous: it tells what hangs from what is slow on a busy machine, and measures nothing.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // The same goes for conditions that are waited for; a second, which is the default, a busy machine takes for nothing at all.
    expect: { poll: { timeout: 30_000 } },
    // A test leaves nothing behind that another could stumble over.
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
  },
})
