import { evaluateShuffled, recommendedLists, shuffledHistories, type TokenEncoder } from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';
import { type PreparedData, windowed } from '../../data/dataset.ts';
import { evaluateSet, protocolOf } from '../../run/evaluation/evaluate-set.ts';
import type { Progress } from '../../terminal/progress.ts';
import { meanJaccard } from './jaccard.ts';
import { countRules, shuffledSequences, trainingSequences } from './n-grams.ts';

export interface SequentialityOptions {
  readonly model: TokenEncoder;
  readonly data: PreparedData;
  readonly evaluation: RecipeConfig['evaluation'];
  /** Of the orders by chance. */
  readonly seeds: readonly number[];
  /** Times that a run of items must occur in training to count. */
  readonly support: number;
  readonly progress: Progress;
}

/** What is left when the order of histories is taken away. */
export interface Sequentiality {
  readonly data: string;
  readonly seeds: readonly number[];
  readonly support: number;
  /** On the test set, with histories as they are and under each seed. */
  readonly metrics: readonly {
    readonly metric: string;
    readonly before: number;
    readonly shuffled: readonly number[];
  }[];
  /** Mean over queries of `|A and B| / |A or B|` of the lists of ten before and after, two empty ones 1, by seed. */
  readonly jaccard: readonly number[];
  /** Runs of two and three items in training that occur often enough, before and after. */
  readonly rules: readonly { readonly length: number; readonly before: number; readonly shuffled: readonly number[] }[];
}

const LIST_LENGTH = 10;

/**
 * Whether data look sequential to a trained model: the test set with the events of every history in an order by chance,
 * targets as they were, and how many runs of items are frequent.
 *
 * Source: "Does it look sequential?", Klenitskiy et al., RecSys 2024.
 */
export async function sequentiality(options: SequentialityOptions): Promise<Sequentiality> {
  const { model, data, evaluation, seeds, support, progress } = options;
  const { test, train, interactions } = data.split;
  const window = model.maxSequenceLength;
  const context = {
    data,
    options: { ...evaluation, positions: 'last' as const },
    window,
    progress,
  };
  const protocol = protocolOf(test, context);
  const before = await evaluateSet(model, test, context);
  const { candidates } = protocol;
  const examples = windowed(test, window);
  const k = Math.min(LIST_LENGTH, model.numItems);
  const { excludeSeen, queryTime, batchSize } = evaluation;
  const lists = { ...{ model, examples, k, excludeSeen, queryTime, batchSize }, ...(candidates && { candidates }) };
  const asIs = await recommendedLists(lists);
  const shuffled: Readonly<Record<string, number>>[] = [];
  const jaccard: number[] = [];
  for (const [i, seed] of seeds.entries()) {
    progress.note(`order by chance ${i + 1} of ${seeds.length}`);
    shuffled.push((await evaluateShuffled({ model, ...protocol, batchSize }, seed)).metrics);
    const after = await recommendedLists({ ...lists, histories: (batch) => shuffledHistories(batch, seed) });
    jaccard.push(meanJaccard(asIs, after));
  }
  const sequences = trainingSequences(train);
  const ofSeeds = seeds.map((seed) => shuffledSequences(sequences, seed));
  return {
    data: interactions.name,
    ...{ seeds, support, jaccard },
    metrics: Object.entries(before.metrics).map(([metric, value]) => ({
      metric,
      before: value,
      shuffled: shuffled.map((metrics) => metrics[metric]),
    })),
    rules: [2, 3].map((length) => ({
      length,
      before: countRules(sequences, length, support),
      shuffled: ofSeeds.map((each) => countRules(each, length, support)),
    })),
  };
}
