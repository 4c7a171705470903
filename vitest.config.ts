import { defineConfig } from 'vitest/config';

// Every project reads the TypeScript sources through the `@seqrec/source` condition, so tests need no build.
const resolve = { conditions: ['@seqrec/source', 'node', 'import', 'default'] };
const shared = {
  resolve,
  ssr: { resolve: { conditions: resolve.conditions, externalConditions: resolve.conditions } },
};

export default defineConfig({
  ...shared,
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'experiments/{src,page}/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['**/*.slow.test.ts', '**/node_modules/**', '**/dist/**'],
          pool: 'forks',
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'slow',
          include: ['packages/*/src/**/*.slow.test.ts', 'experiments/src/**/*.slow.test.ts', 'test/**/*.slow.test.ts'],
          pool: 'forks',
          maxWorkers: 1,
          testTimeout: 1_800_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
