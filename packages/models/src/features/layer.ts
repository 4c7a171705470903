import { embedding, embeddingBag } from '@seqrec/core';
import { type EncodedColumn, encodedShape, type FittedTransform } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import type { Initialization } from '../layers/initializers.ts';
import { type LayerArgs, StreamLayer, type WeightSpec } from '../layers/layer.ts';
import { linearOutIn } from '../layers/linear.ts';
import { tableRows } from '../layers/table-rows.ts';
import { lengthsOf } from './pooled.ts';

export interface FeatureEmbeddingArgs extends LayerArgs {
  readonly transform: FittedTransform;
  /** Width of what it makes. */
  readonly outputDim: number;
  /** Width of its own vectors, which a matrix `[outputDim, hiddenDim]` maps; absent: `outputDim`, and no matrix. */
  readonly hiddenDim?: number;
}

/**
 * A feature as vectors `[R, outputDim]`: rows of a table, means of rows, or numbers times a matrix; under `concat`
 * mapped by its block of `W`. Truncated normal, std 0.02, as item vectors; `W` xavier-normal.
 */
export class FeatureEmbedding extends StreamLayer {
  static className = 'SeqrecFeatureEmbedding';
  readonly transform: FittedTransform;
  readonly outputDim: number;
  readonly hiddenDim: number | undefined;

  constructor(args: FeatureEmbeddingArgs) {
    super(args);
    this.transform = args.transform;
    this.outputDim = args.outputDim;
    this.hiddenDim = args.hiddenDim;
  }

  protected weightSpecs(): WeightSpec[] {
    const shape = encodedShape(this.transform);
    const rows = shape.kind === 'number' ? shape.width : shape.size;
    const initialization: Initialization = { kind: 'truncated-normal', standardDeviation: 0.02 };
    const { outputDim, hiddenDim } = this;
    const isTable = shape.kind !== 'number';
    const table = { name: 'weight', shape: [rows, hiddenDim ?? outputDim], initialization, isTable };
    if (hiddenDim === undefined) return [table];
    return [
      table,
      { name: 'projection', shape: [outputDim, hiddenDim], initialization: { kind: 'xavier-normal' } as const },
    ];
  }

  /** The vectors of encoded rows. */
  embed(encoded: EncodedColumn): tf.Tensor2D {
    const table = this.weight('weight') as tf.Variable<tf.Rank.R2>;
    return tf.tidy(() => {
      const own = embedEncoded(table, encoded);
      if (this.hiddenDim === undefined) return own;
      return linearOutIn(own, this.weight('projection') as tf.Variable<tf.Rank.R2>);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { transform, outputDim, hiddenDim } = this;
    return {
      ...super.getConfig(),
      transform: transform as unknown as tf.serialization.ConfigDict,
      outputDim,
      ...(hiddenDim !== undefined && { hiddenDim }),
    };
  }
}
tf.serialization.registerClass(FeatureEmbedding);

/** Rows of a table `[size, D]`, means (or sums) of them for lists, or numbers times a matrix `[width, D]`: `[R, D]`. */
export function embedEncoded(
  whole: tf.Tensor2D,
  encoded: EncodedColumn,
  pooling: 'mean' | 'sum' = 'mean',
): tf.Tensor2D {
  const rows = tableRows(whole);
  const table = rows?.rows ?? whole;
  const placesOf = (ids: Int32Array): Int32Array => rows?.indicesOf(ids) ?? ids;
  switch (encoded.kind) {
    case 'row':
      return embedding(table, tf.tensor1d(placesOf(encoded.values), 'int32'));
    case 'rows': {
      const { offsets, lists } = encoded;
      const means = embeddingBag(table, placesOf(encoded.values), offsets);
      const bags = pooling === 'sum' ? (tf.mul(means, lengthsOf(offsets)) as tf.Tensor2D) : means;
      return lists === undefined ? bags : embedding(bags, tf.tensor1d(lists, 'int32'));
    }
    case 'number': {
      const { values, width } = encoded;
      return tf.matMul(tf.tensor2d(values, [values.length / width, width]), table);
    }
  }
}
