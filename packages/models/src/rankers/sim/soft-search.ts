import { linearLayer } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { type LayerArgs, StreamLayer, type WeightSpec } from '../../layers/layer.ts';
import { sequenceOf } from '../../layers/segments.ts';

export interface SoftSearchArgs extends LayerArgs {
  readonly inputDim: number;
  readonly attentionDim: number;
}

/** `s_j = (W_a c) (W_b x_j)`: how much an event bears on the item. */
export class SoftSearch extends StreamLayer {
  static className = 'SeqrecSoftSearch';
  readonly args: SoftSearchArgs;

  constructor(args: SoftSearchArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const shape = [this.args.attentionDim, this.args.inputDim];
    const initialization = { kind: 'xavier-normal' } as const;
    return [
      { name: 'W_a.weight', shape, initialization },
      { name: 'W_b.weight', shape, initialization },
    ];
  }

  /** `[T, 1]`. */
  score(items: tf.Tensor2D, events: tf.Tensor2D, offsets: Int32Array): tf.Tensor2D {
    const map = (x: tf.Tensor2D, name: string) => linearLayer({ x, w: this.weight(`${name}.weight`) as tf.Tensor2D });
    return tf.tidy(() => {
      const asked = tf.gather(map(items, 'W_a'), tf.tensor1d(sequenceOf(offsets), 'int32'));
      return tf.sum(tf.mul(asked, map(events, 'W_b')), 1, true) as tf.Tensor2D;
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { inputDim, attentionDim } = this.args;
    return { ...super.getConfig(), inputDim, attentionDim };
  }
}
tf.serialization.registerClass(SoftSearch);
