import { embedding } from '@seqrec/core';
import type { SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../errors.ts';
import { inputList, type LayerArgs, type Run, StreamLayer, type WeightSpec } from './layer.ts';

/** Action ids: 0 "not known", 1..10 the ratings 0.5..5 in half stars. */
export const NUM_ACTIONS = 11;

/** Actions that are known: ids `1..10`. */
export const NUM_KNOWN_ACTIONS = NUM_ACTIONS - 1;

/** The id of a rating, `1..10`: half stars, the nearest id for ratings outside 0.5..5. */
export function actionOf(rating: number): number {
  return Math.min(NUM_KNOWN_ACTIONS, Math.max(1, Math.round(2 * rating)));
}

/** How the rating of an event becomes its action id; 0 is "not known", of a rating that is NaN. */
export interface ActionRule {
  /** Ids in all, 0 included. */
  readonly numActions: number;
  /** Of a rating that is known: 1 or more. */
  idOf(rating: number): number;
}

/** Half stars, see {@link actionOf}. */
export const HALF_STARS: ActionRule = { numActions: NUM_ACTIONS, idOf: actionOf };

/** Ids by ascending bounds: 1 below the first, and one more with every bound that the rating reaches. */
export function ratingBuckets(bounds: readonly number[]): ActionRule {
  // Ratings are floats: 3.3 must reach 3.3.
  const floats = bounds.map(Math.fround);
  return {
    numActions: bounds.length + 2,
    idOf: (rating) => 1 + floats.filter((bound) => rating >= bound).length,
  };
}

/**
 * What was done at each event, as an id of a rule. A history without ratings, as a server may get one, has ids 0, and
 * so has an event whose rating is not known (NaN).
 *
 * @returns int32 `[T]` on the host
 * @throws ConfigError in training on data without ratings: the ids would all be 0
 */
export function ratingActions(batch: RatedBatch, run: Run, { idOf }: ActionRule = HALF_STARS): Int32Array {
  const ratings = ratingsOf(batch, run, 'actions');
  return ratings === undefined
    ? new Int32Array(batch.itemIds.length)
    : Int32Array.from(ratings, (rating) => (Number.isNaN(rating) ? 0 : idOf(rating)));
}

/**
 * How long each event took, `ln(max(rating, 1))`: for data whose rating column holds seconds, or another amount.
 *
 * @returns float32 `[T]` on the host; zeros for a history without ratings, and for a rating that is not known (NaN)
 * @throws ConfigError in training on data without ratings
 */
export function logDurations(batch: RatedBatch, run: Run): Float32Array {
  const ratings = ratingsOf(batch, run, 'duration');
  if (ratings === undefined) return new Float32Array(batch.itemIds.length);
  return ratings.map((rating) => (Number.isNaN(rating) ? 0 : Math.log(Math.max(rating, 1))));
}

type RatedBatch = Pick<SequenceBatch, 'ratings' | 'itemIds'>;

function ratingsOf({ ratings }: RatedBatch, run: Run, key: 'actions' | 'duration'): Float32Array | undefined {
  if (ratings !== undefined || !run.training) return ratings;
  throw new ConfigError(
    `model config: ${key}: expected data with ratings; got data without; set ${key} to 'none'`,
    key,
  );
}

export interface ActionEmbeddingArgs extends LayerArgs {
  /** Default: those of the half stars. */
  readonly numActions?: number;
  readonly actionDim: number;
}

/**
 * Table of action vectors `[numActions, actionDim]`; maps ids int32 `[T]` to `[T, actionDim]`.
 * Truncated normal, std 0.02.
 */
export class ActionEmbedding extends StreamLayer {
  static className = 'SeqrecActionEmbedding';
  readonly numActions: number;
  readonly actionDim: number;

  constructor(args: ActionEmbeddingArgs) {
    super(args);
    this.numActions = args.numActions ?? NUM_ACTIONS;
    this.actionDim = args.actionDim;
  }

  protected weightSpecs(): WeightSpec[] {
    const initialization = { kind: 'truncated-normal', standardDeviation: 0.02 } as const;
    return [{ name: 'weight', shape: [this.numActions, this.actionDim], initialization, isTable: true }];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return embedding(this.weight('weight') as tf.Variable<tf.Rank.R2>, inputList(inputs)[0] as tf.Tensor1D);
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return [...inputShape, this.actionDim];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), numActions: this.numActions, actionDim: this.actionDim };
  }
}
tf.serialization.registerClass(ActionEmbedding);
