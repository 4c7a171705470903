import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { tooLong } from './folders.ts';

const conditions = ['@seqrec/source', 'node', 'import', 'default'];

/** The tests of the mutated folder, then the rest by name: most mutants die at once, and in the same order each time. */
class OwnFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const own = `/${process.env.SEQREC_MUTANT_FOLDER ?? ''}/`;
    const key = ({ moduleId }: TestSpecification) => `${moduleId.includes(own) ? 0 : 1}${moduleId}`;
    return files.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  }
}

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: (process.env.SEQREC_MUTANT_TESTS ?? 'packages/{data,models}/src/**/*.test.ts').split(';'),
    exclude: [...tooLong, '**/node_modules/**', '**/dist/**'],
    sequence: { sequencer: OwnFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
