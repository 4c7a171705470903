import { type ExampleSet, latestWindow, makeBatch, type SequenceBatch, sequenceBatch, takeEach } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { EvaluationError } from '../errors.ts';
import { uploadBatch } from '../inputs.ts';
import { actionOf, NUM_KNOWN_ACTIONS } from '../layers/actions.ts';
import type { TokenEncoder } from '../model.ts';
import { yieldToEventLoop } from '../train/yield.ts';
import { categoricalNormalizedEntropy } from './class-entropy.ts';
import { checkBatchSize } from './evaluation-blocks.ts';
import { areaUnderCurve } from './ranking/area.ts';
import { normalizedEntropy } from './ranking/log-loss.ts';
import { clickRows } from './ranking/rows.ts';

export interface EvaluateActionsOptions {
  readonly model: TokenEncoder;
  readonly examples: ExampleSet;
  /** Ratings of at least this are positive in the binary metrics: half stars, 0.5 to 5; default 4. */
  readonly positiveRating?: number;
  /** Examples at a time, default 128. */
  readonly batchSize?: number;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

export interface ActionEvaluation {
  /** `NE` over the action ids; `NE(rating>=r)` and `AUC(rating>=r)` of positive ratings. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly numEvents: number;
  /** The exact definition, one sentence a line. */
  readonly definition: readonly string[];
}

/**
 * How well the action on each example's target is predicted, the target's item and time being known: ranking. The
 * target's item is put at the end of the history; its action is not read. A history that leaves no place for it is cut
 * to its latest events; an example without a history, or whose target's rating is not known (NaN), is left out. The
 * definition then says so.
 *
 * Source: Zhai et al. 2024, section 2 and table 5 (arXiv:2402.17152): normalised entropy. Differs from the paper
 * in: the action is a rating.
 * @throws EvaluationError for a model without interleaved actions, data without ratings or with some that are no half
 *   stars, which would share the id of another rating, a set without a history or without a known rating after one, or
 *   one with a single kind of action.
 */
export async function evaluateActions(options: EvaluateActionsOptions): Promise<ActionEvaluation> {
  const { model, positiveRating = 4, batchSize = 128 } = options;
  if (model.encodeWithActions === undefined) {
    throw new EvaluationError(
      `actions: expected a model with interleaved actions; got '${model.kind}' without; train one with model.actions = 'interleave'`,
    );
  }
  checkBatchSize('actions', batchSize);
  checkHalfStars(positiveRating, options.examples);
  const { examples, chosen, notes } = questionsOf(model, options.examples);
  const total = chosen.length;
  const positiveFrom = actionOf(positiveRating) - 1;
  const probabilities = new Float32Array(total * NUM_KNOWN_ACTIONS);
  const actions = new Int32Array(total);
  for (let first = 0; first < total; first += batchSize) {
    const count = Math.min(batchSize, total - first);
    const host = withTargets(makeBatch(examples, chosen.subarray(first, first + count), model.columns));
    const batch = uploadBatch(host);
    try {
      const rows = tf.tidy(() => {
        const { actionLogits } = model.encodeWithActions!(batch, { training: false, step: 0, seed: 0 });
        const last = tf.tensor1d(
          host.offsets.slice(1).map((end) => end - 1),
          'int32',
        );
        return tf.softmax(tf.gather(actionLogits, last));
      });
      probabilities.set((await rows.data()) as Float32Array, first * NUM_KNOWN_ACTIONS);
      rows.dispose();
    } finally {
      batch.dispose();
    }
    for (let b = 0; b < count; b++) actions[first + b] = actionOf(host.ratings![host.offsets[b + 1] - 1]) - 1;
    options.onProgress?.({ done: first + count, total });
    await yieldToEventLoop();
  }
  const labels = Uint8Array.from(actions, (action) => (action >= positiveFrom ? 1 : 0));
  const sums = Float64Array.from(labels, (_, e) => {
    let sum = 0;
    for (let a = positiveFrom; a < NUM_KNOWN_ACTIONS; a++) sum += probabilities[e * NUM_KNOWN_ACTIONS + a];
    // Of float32 numbers: they may come to a little more than 1.
    return Math.min(1, sum);
  });
  const rows = clickRows({ probabilities: sums, labels });
  const positive = `rating>=${positiveRating}`;
  return {
    metrics: {
      NE: categoricalNormalizedEntropy(probabilities, actions, NUM_KNOWN_ACTIONS),
      [`NE(${positive})`]: normalizedEntropy(rows),
      [`AUC(${positive})`]: areaUnderCurve(rows),
    },
    numEvents: total,
    definition: [
      `Events: the target of each of ${total} examples of ${examples.name}, its item and time known, its rating to be predicted.`,
      ...notes,
      'NE: mean log loss over the ten rating ids, divided by the entropy of their shares among these events; 1 is no better than always answering with the shares.',
      `NE(${positive}), AUC(${positive}): the same, and the area under the ROC curve, for the sum of the probabilities of such ratings.`,
    ],
  };
}

/** @throws EvaluationError for a bound or a known rating that shares its id with another. */
function checkHalfStars(bound: number, { interactions: { ratings, name } }: ExampleSet): void {
  const hasOwnId = (rating: number): boolean => actionOf(rating) === 2 * rating;
  if (!hasOwnId(bound))
    throw new EvaluationError(
      `actions: positiveRating: expected half stars of 0.5 to 5, which have an id; got ${bound}`,
    );
  const other = ratings?.find((rating) => !Number.isNaN(rating) && !hasOwnId(rating));
  if (other !== undefined)
    throw new EvaluationError(
      `actions: expected ratings in half stars of 0.5 to 5, an id each; got ${other} in ${name}; bring them to that scale`,
    );
}

/**
 * The examples that have a history and a target whose rating is known, by number, and their set with room for the
 * target behind each history.
 */
function questionsOf(
  { longestHistory = Number.POSITIVE_INFINITY }: TokenEncoder,
  set: ExampleSet,
): { readonly examples: ExampleSet; readonly chosen: Int32Array; readonly notes: readonly string[] } {
  const lengths = set.targets.map((target, e) => target - set.starts[e]);
  const past = Int32Array.from(lengths.keys()).filter((e) => lengths[e] > 0);
  if (past.length === 0)
    throw new EvaluationError(`actions: expected histories of at least one event; got none in ${set.name}`);
  // Data without ratings are refused as a whole, by withTargets.
  const { ratings } = set.interactions;
  const chosen = ratings === undefined ? past : past.filter((e) => !Number.isNaN(ratings[set.targets[e]]));
  if (chosen.length === 0)
    throw new EvaluationError(`actions: expected targets whose rating is known; got none in ${set.name}`);
  const [leftOut, unknown] = [lengths.length - past.length, past.length - chosen.length];
  const room = longestHistory - 1;
  const isCut = lengths.some((length) => length > room);
  return {
    examples: isCut ? latestWindow(set, { maxLength: room }) : set,
    chosen,
    notes: [
      ...(leftOut > 0 ? [`Left out: ${leftOut} examples without a history.`] : []),
      ...(unknown > 0 ? [`Left out: ${unknown} examples whose target's rating is not known.`] : []),
      ...(isCut
        ? [`Histories: their latest ${room} events, since the model has no place for a target behind more.`]
        : []),
    ],
  };
}

/** The batch with each example's target as its newest event. */
export function withTargets(batch: SequenceBatch): SequenceBatch {
  const { users, offsets, ratings, targetRatings } = batch;
  if (ratings === undefined || targetRatings === undefined) {
    throw new EvaluationError('actions: expected data with ratings; got data without; there is no action to predict');
  }
  const empty = offsets.findIndex((offset, b) => b > 0 && offset === offsets[b - 1]);
  if (empty > 0) {
    throw new EvaluationError(
      `actions: expected a history of at least one event in every sequence; got none in ${empty - 1}`,
    );
  }
  const longer = offsets.map((offset, b) => offset + b);
  const extended = <A extends Int32Array | Float32Array | Float64Array>(events: A, targets: A): A => {
    const out = new (events.constructor as new (length: number) => A)(events.length + users.length);
    for (let b = 0; b < users.length; b++) {
      out.set(events.subarray(offsets[b], offsets[b + 1]), longer[b]);
      out[longer[b + 1] - 1] = targets[offsets[b + 1] - 1];
    }
    return out;
  };
  return sequenceBatch({
    users,
    offsets: longer,
    itemIds: extended(batch.itemIds, batch.targets),
    timestamps: extended(batch.timestamps, batch.targetTimestamps),
    // What would come after the target is not known, and not read.
    targets: extended(batch.targets, batch.targets),
    targetTimestamps: extended(batch.targetTimestamps, batch.targetTimestamps),
    ratings: extended(ratings, targetRatings),
    targetRatings: extended(targetRatings, targetRatings),
    ...(batch.columns && { columns: withoutTargets(batch.columns, batch.offsets) }),
  });
}

/** Further columns with a row more a sequence: of the target nothing but its item and time is known. */
function withoutTargets(columns: NonNullable<SequenceBatch['columns']>, offsets: Int32Array): typeof columns {
  if (columns.tokens === undefined) return columns;
  const rows: number[] = [];
  for (let b = 0; b + 1 < offsets.length; b++) {
    for (let t = offsets[b]; t < offsets[b + 1]; t++) rows.push(t);
    rows.push(-1);
  }
  return { users: columns.users, tokens: takeEach(columns.tokens, rows) };
}
