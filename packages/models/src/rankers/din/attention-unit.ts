import { linearLayer } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { dice, diceSpecs } from '../../layers/dice.ts';
import { type LayerArgs, type Run, StreamLayer, type WeightSpec } from '../../layers/layer.ts';
import type { unitActivations } from './config.ts';

export interface AttentionUnitArgs extends LayerArgs {
  /** `W`, width of the vectors. */
  readonly inputDim: number;
  readonly hiddenSizes: readonly number[];
  readonly activation: (typeof unitActivations)[number];
}

/**
 * `a = MLP([c ; x ; c - x ; c * x])` of an event `x` and the item `c`, a number: hidden layers with an activation, then
 * a linear map. The weight of the first, `[h, 4 W]`, is never applied to the four side by side:
 *
 *     W [c ; x ; c - x ; c * x] = (W_1 + W_3) c + (W_2 - W_3) x + W_4 (c * x)
 *
 * of which the first is made once an example.
 */
export class AttentionUnit extends StreamLayer {
  static className = 'SeqrecAttentionUnit';
  readonly args: AttentionUnitArgs;

  constructor(args: AttentionUnitArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { inputDim, hiddenSizes, activation } = this.args;
    const sizes = [...hiddenSizes, 1];
    const inputs = [4 * inputDim, ...hiddenSizes];
    return sizes.flatMap((size, i): WeightSpec[] => [
      { name: `${i}.weight`, shape: [size, inputs[i]], initialization: { kind: 'xavier-normal' } },
      { name: `${i}.bias`, shape: [size], initialization: { kind: 'zeros' } },
      ...(activation === 'prelu' && i < hiddenSizes.length
        ? [{ name: `${i}.slope`, shape: [size], initialization: { kind: 'zeros' } } as const]
        : []),
      ...(activation === 'dice' && i < hiddenSizes.length ? diceSpecs(`${i}`, size) : []),
    ]);
  }

  /**
   * @param tokens events `[T, W]`; `candidates` `[B, W]`; `of` the example of each event, int32 `[T]`.
   * @returns `[T, 1]`.
   */
  score(tokens: tf.Tensor2D, candidates: tf.Tensor2D, of: tf.Tensor1D, run: Run): tf.Tensor2D {
    const { inputDim, hiddenSizes } = this.args;
    const weight = (i: number) => this.weight(`${i}.weight`) as tf.Tensor2D;
    const bias = (i: number) => this.weight(`${i}.bias`) as tf.Tensor1D;
    return tf.tidy(() => {
      const parts = tf.split(weight(0), new Array<number>(4).fill(inputDim), 1);
      const [ofItem, ofEvent, ofDifference, ofProduct] = parts as tf.Tensor2D[];
      const item = linearLayer({ x: candidates, w: tf.add(ofItem, ofDifference) as tf.Tensor2D, b: bias(0) });
      const event = linearLayer({ x: tokens, w: tf.sub(ofEvent, ofDifference), residual: tf.gather(item, of) });
      const product = tf.mul(tf.gather(candidates, of), tokens) as tf.Tensor2D;
      let x = this.activate(linearLayer({ x: product, w: ofProduct, residual: event }), 0, run);
      for (let i = 1; i < hiddenSizes.length; i++) {
        x = this.activate(linearLayer({ x, w: weight(i), b: bias(i) }), i, run);
      }
      return linearLayer({ x, w: weight(hiddenSizes.length), b: bias(hiddenSizes.length) });
    });
  }

  private activate(x: tf.Tensor2D, i: number, run: Run): tf.Tensor2D {
    const { activation } = this.args;
    if (activation === 'relu') return tf.relu(x);
    if (activation === 'sigmoid') return tf.sigmoid(x);
    if (activation === 'dice') return dice(x, this, `${i}`, run);
    // `tf.prelu` has no gradient of a slope that is broadcast on every backend.
    return tf.sub(tf.relu(x), tf.mul(this.weight(`${i}.slope`), tf.relu(tf.neg(x))));
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { inputDim, hiddenSizes, activation } = this.args;
    return { ...super.getConfig(), inputDim, hiddenSizes: [...hiddenSizes], activation };
  }
}
tf.serialization.registerClass(AttentionUnit);
