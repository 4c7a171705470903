import {
  type ExampleSet,
  expectedLength,
  interactionsFromArrays,
  latestWindow,
  stochasticLength,
  trainTest,
} from '@seqrec/data';

export interface SparsityRequest {
  readonly alpha: number;
  /** N of the columns where every history is as long. */
  readonly lengths: readonly number[];
  /** N of the columns of the data. */
  readonly windows: readonly number[];
  readonly seed: number;
  /** Draws of each column at least; default 200,000. */
  readonly draws?: number;
}

const USERS = 50;

/**
 * Sparsity `1 - mean length / N` of the lengths that stochastic length draws, for histories that fill N and for those
 * of a training set, and the largest error of a mean length against its closed form.
 */
export function measureSparsity(train: ExampleSet, request: SparsityRequest): Record<string, number> {
  const { lengths, windows } = request;
  const columns = [
    ...lengths.map((N) => [`sparsity ${N}`, N, fullHistories(N)] as const),
    ...windows.map((N) => [`data ${N}`, N, latestWindow(train, { maxLength: N })] as const),
  ];
  let error = 0;
  const sparsities = columns.map(([name, N, set]) => {
    const { drawn, expected } = meanLengths(set, N, request);
    error = Math.max(error, Math.abs(drawn / expected - 1));
    return [name, 1 - drawn / N] as const;
  });
  return { ...Object.fromEntries(sparsities), error };
}

/** Mean length over epochs, and what the closed form expects. */
function meanLengths(
  set: ExampleSet,
  maxLength: number,
  { alpha, seed, draws = 200_000 }: SparsityRequest,
): { readonly drawn: number; readonly expected: number } {
  const policy = stochasticLength({ maxLength, alpha, subsequence: 'recent', seed });
  const count = set.targets.length;
  const epochs = Math.ceil(draws / count);
  let [drawn, expected] = [0, 0];
  for (let e = 0; e < count; e++) expected += expectedLength(set.targets[e] - set.starts[e], { maxLength, alpha });
  for (let epoch = 0; epoch < epochs; epoch++) {
    const { starts, targets } = policy.examples(set, epoch);
    for (let e = 0; e < count; e++) drawn += targets[e] - starts[e];
  }
  return { drawn: drawn / (epochs * count), expected: expected / count };
}

/** Users whose training history has exactly `length` events before its target. */
function fullHistories(length: number): ExampleSet {
  const perUser = length + 2;
  const events = Array.from({ length: USERS * perUser }, (_, event) => event);
  return trainTest(
    interactionsFromArrays({
      name: `full histories of ${length}`,
      users: events.map((event) => Math.floor(event / perUser)),
      items: events.map((event) => event % 100),
      timestamps: events,
    }),
  ).train;
}
