import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { tooLong } from './folders.ts';

const conditions = ['@seqrec/source', 'node', 'import', 'default'];

/**
 * The tests of the mutated folder, then formulas, which kill most of what they reach, then the rest by name: most
 * mutants die at once, and in the same order each time.
 */
class OwnFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const own = `/${process.env.SEQREC_MUTANT_FOLDER ?? ''}/`;
    const rank = (file: string) => (file.includes(own) ? 0 : file.endsWith('/formulas.test.ts') ? 1 : 2);
    const key = ({ moduleId }: TestSpecification) => `${rank(moduleId)}${moduleId}`;
    return files.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  }
}

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: (process.env.SEQREC_MUTANT_TESTS ?? 'packages/{data,models}/src/**/*.test.ts').split(';'),
    exclude: [...tooLong, '**/node_modules/**', '**/dist/**'],
    setupFiles: [fileURLToPath(new URL('setup.ts', import.meta.url))],
    sequence: { sequencer: OwnFirst },
    // All cases of files that `test` runs in part.
    env: { SEQREC_FULL: '1' },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
