import { layerNorm } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { inputList, type LayerArgs, StreamLayer, type WeightSpec } from './layer.ts';
import { linearOutIn } from './linear.ts';

export interface SwishMlpArgs extends LayerArgs {
  readonly inputDim: number;
  readonly hiddenDim: number;
  readonly outputDim: number;
  /** Whether a layer norm follows the second map; default true. */
  readonly normed?: boolean;
}

/** Of both norms, added to the variance. */
const EPSILON = 1e-5;

/**
 * `LN_3(W_2 swish(W_0 x + b_0) + b_2)` with `swish(h) = h * sigmoid(LN_1(h))`, `[T, inputDim]` to `[T, outputDim]`;
 * without `normed` there is no `LN_3`. Weight matrices start xavier-normal, biases at zero, gains at one.
 *
 * Source: the networks around HSTU in the public ranking code (meta-recsys/generative-recommenders,
 * `modules/preprocessors.py`, `modules/dlrm_hstu.py`, `SwishLayerNorm` of `ops/layer_norm.py`).
 */
export class SwishMlp extends StreamLayer {
  static className = 'SeqrecSwishMlp';
  readonly args: SwishMlpArgs;

  constructor(args: SwishMlpArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { inputDim, hiddenDim, outputDim, normed = true } = this.args;
    return [
      ...affine('0', inputDim, hiddenDim),
      ...gains('1', hiddenDim),
      ...affine('2', hiddenDim, outputDim),
      ...(normed ? gains('3', outputDim) : []),
    ];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return this.forward(inputList(inputs)[0] as tf.Tensor2D);
  }

  forward(x: tf.Tensor2D): tf.Tensor2D {
    return tf.tidy(() => {
      const hidden = this.map('0', x);
      const out = this.map('2', tf.mul(hidden, tf.sigmoid(this.norm('1', hidden))) as tf.Tensor2D);
      return this.args.normed === false ? out : this.norm('3', out);
    });
  }

  private map(name: string, x: tf.Tensor2D): tf.Tensor2D {
    return linearOutIn(x, this.weight(`${name}.weight`) as tf.Tensor2D, this.weight(`${name}.bias`) as tf.Tensor1D);
  }

  private norm(name: string, x: tf.Tensor2D): tf.Tensor2D {
    const normed = layerNorm(x, { epsilon: EPSILON });
    return tf.add(tf.mul(normed, this.weight(`${name}.weight`)), this.weight(`${name}.bias`));
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return [inputShape[0], this.args.outputDim];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { inputDim, hiddenDim, outputDim, normed } = this.args;
    return { ...super.getConfig(), inputDim, hiddenDim, outputDim, ...(normed !== undefined && { normed }) };
  }
}
tf.serialization.registerClass(SwishMlp);

function affine(name: string, from: number, to: number): WeightSpec[] {
  return [
    { name: `${name}.weight`, shape: [to, from], initialization: { kind: 'xavier-normal' } },
    { name: `${name}.bias`, shape: [to], initialization: { kind: 'zeros' } },
  ];
}

function gains(name: string, width: number): WeightSpec[] {
  return [
    { name: `${name}.weight`, shape: [width], initialization: { kind: 'ones' } },
    { name: `${name}.bias`, shape: [width], initialization: { kind: 'zeros' } },
  ];
}
