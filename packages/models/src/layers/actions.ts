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

/**
 * What was done at each event, as an id in `1..10`: the rating in half stars; ratings outside 0.5..5 take the nearest id.
 * A history without ratings, as a server may get one, has ids 0.
 *
 * @returns int32 `[T]` on the host
 * @throws ConfigError in training on data without ratings: the ids would all be 0
 */
export function ratingActions({ ratings, itemIds }: Pick<SequenceBatch, 'ratings' | 'itemIds'>, run: Run): Int32Array {
  if (ratings !== undefined) {
    return Int32Array.from(ratings, (rating) => actionOf(rating));
  }
  if (!run.training) return new Int32Array(itemIds.length);
  throw new ConfigError(
    "model config: actions: expected data with ratings; got data without; set actions to 'none'",
    'actions',
  );
}

export interface ActionEmbeddingArgs extends LayerArgs {
  readonly actionDim: number;
}

/** Table of action vectors `[11, actionDim]`; maps ids int32 `[T]` to `[T, actionDim]`. Starts truncated normal, std 0.02. */
export class ActionEmbedding extends StreamLayer {
  static className = 'SeqrecActionEmbedding';
  readonly actionDim: number;

  constructor(args: ActionEmbeddingArgs) {
    super(args);
    this.actionDim = args.actionDim;
  }

  protected weightSpecs(): WeightSpec[] {
    const initialization = { kind: 'truncated-normal', standardDeviation: 0.02 } as const;
    return [{ name: 'weight', shape: [NUM_ACTIONS, this.actionDim], initialization }];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return embedding(this.weight('weight') as tf.Variable<tf.Rank.R2>, inputList(inputs)[0] as tf.Tensor1D);
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return [...inputShape, this.actionDim];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), actionDim: this.actionDim };
  }
}
tf.serialization.registerClass(ActionEmbedding);
