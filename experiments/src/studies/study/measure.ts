import { type ExampleSet, makeBatch } from '@seqrec/data';
import {
  askedAt,
  collapsed,
  type ExcludeSeen,
  encodeLast,
  exactPlace,
  metricsUnder,
  QUERY_TIME_IN_WORDS,
  type QueryTime,
  rankUnder,
  seenEvents,
  TIES_IN_WORDS,
  type TieRule,
  type TokenEncoder,
  tiesWithAll,
  uploadBatch,
} from '@seqrec/models';
import * as tf from '@tensorflow/tfjs-core';
import { windowed } from '../../data/dataset.ts';
import type { Recorded } from '../../run/verdict/bootstrap.ts';

export interface MeasureOptions {
  readonly ks: readonly number[];
  readonly batchSize: number;
  /** Of the objective; of a model that learns one, what it starts at. */
  readonly temperature: number;
  /** Leave the items of the user's whole history out of the ranking. */
  readonly excludeSeen: ExcludeSeen;
  readonly ties: TieRule;
  readonly queryTime: QueryTime;
  /** Highest item that is a candidate for an example; default: all items. */
  readonly candidates?: (example: number) => number;
  /** Called after every batch; may throw to leave. */
  readonly onBatch?: (done: number) => void;
}

export interface Measurement {
  /** Mean over the examples of `-log softmax(score / temperature)` of the target among all items, nats. */
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Of each query, in the order of the examples that have a history. */
  readonly recorded: Recorded;
}

/** What the numbers of {@link measure} are, for people. */
export const measureDefinition = ({
  ties,
  queryTime,
  excludeSeen,
}: Pick<MeasureOptions, 'ties' | 'queryTime' | 'excludeSeen'>): string[] => [
  `Queries: the held-out events that have a history. Candidates: all items (of a generated stream those that it has had), no sampling${excludeSeen === false ? ', those of the history too' : '; the items of the whole history, not only of the window, are left out of the ranking'}, so that windows of different length are ranked against the same candidates.`,
  'Loss: cross-entropy of the held-out event in a softmax over all these items, those of the history too, at the temperature of training, nats.',
  `Ties: ${TIES_IN_WORDS[ties]}. Time of a query, where a model reads it: ${QUERY_TIME_IN_WORDS[queryTime]}.`,
];

/**
 * Ranks and cross-entropy of the targets of a set in one pass.
 *
 * Unlike `evaluate`, "seen" is the whole history whatever the window: a comparison of windows must not change the
 * candidates. Examples without history are left out.
 *
 * @throws EvaluationError when a score is NaN, or all candidates of every query have one score.
 */
export async function measure(model: TokenEncoder, set: ExampleSet, options: MeasureOptions): Promise<Measurement> {
  const { batchSize, excludeSeen, ties, queryTime, candidates, onBatch } = options;
  const examples = windowed(set, model.maxSequenceLength);
  const { itemIds } = set.interactions;
  const temperature = await temperatureOf(model, options);
  const vectors = tf.tidy(() => model.itemVectors());
  const width = vectors.shape[0];
  const ranks: number[] = [];
  const tied: number[] = [];
  const users: number[] = [];
  // Whether some query told two of its candidates apart.
  let told = false;
  let lossSum = 0;
  try {
    for (let first = 0; first < examples.targets.length; first += batchSize) {
      const size = Math.min(batchSize, examples.targets.length - first);
      const all = Int32Array.from({ length: size }, (_, i) => first + i);
      const indices = all.filter((e) => examples.starts[e] < examples.targets[e]);
      if (indices.length > 0) {
        const scores = await lastScores(
          model,
          vectors,
          askedAt(makeBatch(examples, indices, model.columns), queryTime),
        );
        indices.forEach((example, row) => {
          const base = row * width;
          const target = itemIds[set.targets[example]];
          const lastItem = candidates?.(example) ?? model.numItems;
          const excluded = seenBefore(itemIds, seenEvents(set, example, set.targets[example], excludeSeen));
          const place = exactPlace({ scores, base, target, lastItem, excluded });
          ranks.push(rankUnder(ties, place));
          tied.push(place.equalBefore + place.equalAfter);
          users.push(set.users[example]);
          const open = lastItem - excluded.filter((item) => item <= lastItem).length;
          if (open > 1) told ||= !tiesWithAll(place, open);
          lossSum += crossEntropy(scores, base, { target, lastItem, temperature });
        });
      }
      onBatch?.(first + size);
    }
  } finally {
    vectors.dispose();
  }
  if (!told && tied.some((count) => count > 0)) throw collapsed('measure');
  const recorded = {
    ranks: Float32Array.from(ranks),
    tied: Int32Array.from(tied),
    ties,
    users: Int32Array.from(users),
  };
  return { loss: lossSum / ranks.length, metrics: metricsUnder({ ranks, tied, ties }, options.ks), recorded };
}

/** The temperature of training: what the model has learned, else that of the objective. */
async function temperatureOf(
  model: TokenEncoder,
  { temperature }: Pick<MeasureOptions, 'temperature'>,
): Promise<number> {
  const learned = model.temperature?.(temperature);
  if (learned === undefined) return temperature;
  try {
    return (await learned.data())[0];
  } finally {
    learned.dispose();
  }
}

/** Scores of all items at the last token of each sequence, row by row. */
async function lastScores(
  model: TokenEncoder,
  vectors: tf.Tensor2D,
  batch: ReturnType<typeof makeBatch>,
): Promise<Float32Array> {
  const uploaded = uploadBatch(batch);
  const scores = tf.tidy(() => tf.matMul(encodeLast(model, uploaded), vectors, false, true));
  try {
    return (await scores.data()) as Float32Array;
  } finally {
    scores.dispose();
    uploaded.dispose();
  }
}

function crossEntropy(
  scores: ArrayLike<number>,
  base: number,
  {
    target,
    lastItem,
    temperature,
  }: { readonly target: number; readonly lastItem: number; readonly temperature: number },
): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let item = 1; item <= lastItem; item++) largest = Math.max(largest, scores[base + item]);
  let sum = 0;
  for (let item = 1; item <= lastItem; item++) sum += Math.exp((scores[base + item] - largest) / temperature);
  return Math.log(sum) - (scores[base + target] - largest) / temperature;
}

function seenBefore(itemIds: Int32Array, [start, target]: readonly [number, number]): Int32Array {
  const seen = new Set<number>();
  for (let event = start; event < target; event++) seen.add(itemIds[event]);
  seen.delete(itemIds[target]);
  return Int32Array.from(seen);
}
