import { embedding } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { type LayerArgs, StreamLayer, type WeightSpec } from '../../layers/layer.ts';

export interface PositionTableArgs extends LayerArgs {
  readonly places: number;
  readonly width: number;
}

/** A vector a place, normal with standard deviation .02. */
export class PositionTable extends StreamLayer {
  static className = 'SeqrecPositionTable';
  readonly args: PositionTableArgs;

  constructor(args: PositionTableArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { places, width } = this.args;
    const initialization = { kind: 'normal', standardDeviation: 0.02 } as const;
    return [{ name: 'weight', shape: [places, width], initialization, isTable: true }];
  }

  /** `[R, width]`. */
  rows(places: Int32Array): tf.Tensor2D {
    return tf.tidy(() => embedding(this.weight('weight') as tf.Variable<tf.Rank.R2>, tf.tensor1d(places, 'int32')));
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { places, width } = this.args;
    return { ...super.getConfig(), places, width };
  }
}
tf.serialization.registerClass(PositionTable);
