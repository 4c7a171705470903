import { embedding, type TokenPlaces } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Initialization } from './initializers.ts';
import { inputList, type LayerArgs, StreamLayer, type WeightSpec } from './layer.ts';

export interface ItemEmbeddingArgs extends LayerArgs {
  /** Items `1..numItems`; row 0 is padding and gets no gradient, because no packed token has id 0. */
  readonly numItems: number;
  readonly embeddingDim: number;
  /** Default: truncated normal, 0.02. */
  readonly initialization?: Initialization;
}

/** Table of item vectors `[numItems + 1, D]`; maps ids int32 `[T]` to `[T, D]`. */
export class ItemEmbedding extends StreamLayer {
  static className = 'SeqrecItemEmbedding';
  readonly numItems: number;
  readonly embeddingDim: number;
  readonly initialization: Initialization;

  constructor(args: ItemEmbeddingArgs) {
    super(args);
    this.numItems = args.numItems;
    this.embeddingDim = args.embeddingDim;
    this.initialization = args.initialization ?? { kind: 'truncated-normal', standardDeviation: 0.02 };
  }

  protected weightSpecs(): WeightSpec[] {
    const { numItems, embeddingDim, initialization } = this;
    return [{ name: 'weight', shape: [numItems + 1, embeddingDim], initialization, isTable: true, byRows: true }];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return embedding(this.weight('weight') as tf.Variable<tf.Rank.R2>, inputList(inputs)[0] as tf.Tensor1D);
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return [...inputShape, this.embeddingDim];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { numItems, embeddingDim, initialization } = this;
    return { ...super.getConfig(), numItems, embeddingDim, initialization: { ...initialization } };
  }
}
tf.serialization.registerClass(ItemEmbedding);

export interface LearnedPositionsArgs extends LayerArgs {
  /** Rows of the table, `n`. */
  readonly numPositions: number;
  readonly embeddingDim: number;
  readonly initialization: Initialization;
}

/** Table of absolute positions `[n, D]`, oldest event = 0; maps positions int32 `[T]` to `[T, D]`. */
export class LearnedPositions extends StreamLayer {
  static className = 'SeqrecLearnedPositions';
  readonly numPositions: number;
  readonly embeddingDim: number;
  readonly initialization: Initialization;

  constructor(args: LearnedPositionsArgs) {
    super(args);
    this.numPositions = args.numPositions;
    this.embeddingDim = args.embeddingDim;
    this.initialization = args.initialization;
  }

  protected weightSpecs(): WeightSpec[] {
    const { numPositions, embeddingDim, initialization } = this;
    return [{ name: 'weight', shape: [numPositions, embeddingDim], initialization, isTable: true }];
  }

  /** The table and the rows wanted of it, for an op that looks them up itself. */
  at(positions: tf.Tensor1D): TokenPlaces {
    return { table: this.weight('weight') as tf.Variable<tf.Rank.R2>, ids: positions };
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return embedding(this.weight('weight') as tf.Variable<tf.Rank.R2>, inputList(inputs)[0] as tf.Tensor1D);
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return [...inputShape, this.embeddingDim];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { numPositions, embeddingDim, initialization } = this;
    return { ...super.getConfig(), numPositions, embeddingDim, initialization: { ...initialization } };
  }
}
tf.serialization.registerClass(LearnedPositions);
