import { globSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// Every project reads the TypeScript sources through the `@seqrec/source` condition, so tests need no build.
const resolve = { conditions: ['@seqrec/source', 'node', 'import', 'default'] };
/**
 * For a test that hangs, not for a slow machine: the longest ones take 15 s alone, and a minute beside two
 * busy processes on two cores.
 */
const TIMEOUT = 300_000;

const shared = {
  resolve,
  ssr: { resolve: { conditions: resolve.conditions, externalConditions: resolve.conditions } },
};

const notUnit = ['**/*.slow.test.ts', '**/node_modules/**', '**/dist/**'];
const twoWorkers = {
  pool: 'forks',
  maxWorkers: 2,
  // Two workers of two threads on two cores wait for each other; tests that are about threads say how many.
  env: { SEQREC_THREADS: '1' },
  testTimeout: TIMEOUT,
  hookTimeout: TIMEOUT,
} as const;

/** Files whose cases `test` runs a part of (`test/part.ts`), and `slow` all. */
const inParts = globSync('{packages,experiments}/**/src/**/*.test.ts', { exclude: ['**/node_modules/**'] }).filter(
  (file) => readFileSync(file, 'utf8').includes("/test/part.ts'"),
);

/** What a process has but once: definitions of plug-ins, modules in the place of others, and backends taken away. */
const ONCE = /\bdefine(?!Recipe|Table|Benchmark)[A-Z]\w*\(|\bvi\.mock\(|\bremove\w*Backend\b/;

/** Files of the two largest packages that need a process of their own. */
const alone = globSync('{packages/models,experiments}/{src,page}/**/*.test.ts', {
  exclude: ['**/node_modules/**'],
}).filter((file) => ONCE.test(readFileSync(file, 'utf8')));

/** Files of a few lines that run a suite from elsewhere. */
const SUITES = /\/conformance\/simd/;

/**
 * Suites first. Without times of a former run vitest goes by the size of the files, so that a worker would get them
 * alone at the end.
 */
class SuitesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isSuite = ({ moduleId }: TestSpecification): boolean => SUITES.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isSuite), ...sorted.filter((file) => !isSuite(file))];
  }
}

export default defineConfig({
  ...shared,
  test: {
    sequence: { sequencer: SuitesFirst },
    testTimeout: TIMEOUT,
    hookTimeout: TIMEOUT,
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: ['packages/core/src/**/*.test.ts', 'test/**/*.test.ts', ...alone],
          exclude: notUnit,
          ...twoWorkers,
        },
      },
      // Here one process takes file after file, which spares it the imports: no test asks for what a process has but
      // once. One project after the other, or each worker would have the modules of all.
      ...(['data', 'models', 'experiments'] as const).map((name, i) => ({
        ...shared,
        test: {
          name,
          include:
            name === 'experiments' ? ['experiments/{src,page}/**/*.test.ts'] : [`packages/${name}/src/**/*.test.ts`],
          exclude: [...notUnit, ...alone],
          ...twoWorkers,
          isolate: false,
          sequence: { groupOrder: 1 + i },
        },
      })),
      {
        ...shared,
        test: {
          name: 'slow',
          include: [
            'packages/*/src/**/*.slow.test.ts',
            'experiments/src/**/*.slow.test.ts',
            'test/**/*.slow.test.ts',
            ...inParts,
          ],
          env: { SEQREC_FULL: '1' },
          pool: 'forks',
          maxWorkers: 1,
          testTimeout: 1_800_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
