/** What is mutated, a folder at a time, and the tests that may kill its mutants. */
export interface Folder {
  /** The name that `--folder` takes and the list of survivors has. */
  readonly name: string;
  readonly path: string;
  /**
   * Globs of the tests that Stryker may choose from; of these it runs the ones that reach a mutant, and all of them for
   * code that runs while a test file is loaded. Those of the folder itself come first.
   */
  readonly tests: readonly string[];
}

const data = ['packages/data/src/{splits,examples,windows,batches,negatives,filters,transforms}/**/*.test.ts'];
const encoders = [
  'packages/models/src/{layers,encoders}/**/*.test.ts',
  'packages/models/src/golden/*.test.ts',
  'packages/models/src/*.test.ts',
];
const models = ['packages/models/src/{evaluate,objectives}/**/*.test.ts', ...encoders];

export const folders: readonly Folder[] = [
  ...['splits', 'examples', 'windows', 'negatives', 'filters', 'transforms', 'batches'].map((name) => ({
    name: `data/${name}`,
    path: `packages/data/src/${name}`,
    tests: data,
  })),
  ...['evaluate', 'objectives'].map((name) => ({
    name: `models/${name}`,
    path: `packages/models/src/${name}`,
    tests: models,
  })),
  { name: 'models/features', path: 'packages/models/src/features', tests: ['packages/models/src/features/*.test.ts'] },
  // Evaluation and objectives run every encoder and would tell little of it.
  { name: 'models/layers', path: 'packages/models/src/layers', tests: encoders },
  ...['hstu', 'sasrec', 'transformer', 'transformer-plus-plus', 'pinnerformer', 'gru4rec', 'fuxi-alpha'].map(
    (name) => ({
      name: `models/${name}`,
      path: `packages/models/src/encoders/${name}`,
      tests: encoders,
    }),
  ),
];

/**
 * Whole trainings. They reach nearly every line and would cost ten seconds a mutant; what they alone would notice
 * deserves a test that says what is wrong.
 */
export const tooLong = [
  '**/*.slow.test.ts',
  'packages/models/src/{overfit,matrix,item-vectors}.test.ts',
  'packages/models/src/train/*.test.ts',
];

/**
 * What tests have; defaults and limits of configurations: a test of them would repeat them; formulas of work, which
 * `experiments` compares with what the kernels of whole steps count.
 */
export const notMutated = ['*.test.ts', 'test-support/', 'config.ts', 'flops.ts'];
