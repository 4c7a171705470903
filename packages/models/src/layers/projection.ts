import { type LinearLayerOptions, linearLayer } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Initialization } from './initializers.ts';
import { inputList, type LayerArgs, StreamLayer, type WeightSpec } from './layer.ts';
import { linearOutIn } from './linear.ts';

export interface ProjectionArgs extends LayerArgs {
  readonly inputDim: number;
  readonly outputDim: number;
  /** Of the weight matrices, default xavier-normal. */
  readonly initialization?: Initialization;
}

/** A linear map with bias, `[T, inputDim]` to `[T, outputDim]`; the bias starts at zero. */
export class Projection extends StreamLayer {
  static className = 'SeqrecProjection';
  readonly args: ProjectionArgs;

  constructor(args: ProjectionArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    return affine('', this.args.inputDim, this.args);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [x] = inputList(inputs) as [tf.Tensor2D];
    return tf.tidy(() => linearOutIn(x, this.weight('weight') as tf.Tensor2D, this.weight('bias') as tf.Tensor1D));
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return [inputShape[0], this.args.outputDim];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { inputDim, outputDim, initialization } = this.args;
    return { ...super.getConfig(), inputDim, outputDim, ...optional(initialization) };
  }
}
tf.serialization.registerClass(Projection);

export interface MlpArgs extends ProjectionArgs {
  readonly hiddenDim: number;
}

/** `W2 gelu(W1 x + b1) + b2`, GELU in its tanh form, `[T, inputDim]` to `[T, outputDim]`; biases start at zero. */
export class Mlp extends StreamLayer {
  static className = 'SeqrecMlp';
  readonly args: MlpArgs;

  constructor(args: MlpArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { inputDim, hiddenDim, outputDim } = this.args;
    const { initialization } = this.args;
    return [
      ...affine('0.', inputDim, { outputDim: hiddenDim, initialization }),
      ...affine('2.', hiddenDim, { outputDim, initialization }),
    ];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [x] = inputList(inputs) as [tf.Tensor2D];
    const map = (rows: tf.Tensor2D, name: string, activation?: LinearLayerOptions['activation']): tf.Tensor2D => {
      const [w, b] = ['weight', 'bias'].map((part) => this.weight(`${name}.${part}`));
      return linearLayer({ x: rows, w: w as tf.Tensor2D, b: b as tf.Tensor1D, activation });
    };
    return tf.tidy(() => map(map(x, '0', 'gelu'), '2'));
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return [inputShape[0], this.args.outputDim];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { inputDim, hiddenDim, outputDim, initialization } = this.args;
    return { ...super.getConfig(), inputDim, hiddenDim, outputDim, ...optional(initialization) };
  }
}
tf.serialization.registerClass(Mlp);

function affine(
  prefix: string,
  into: number,
  { outputDim, initialization }: Pick<ProjectionArgs, 'outputDim' | 'initialization'>,
): WeightSpec[] {
  const weight = initialization ?? { kind: 'xavier-normal' };
  return [
    { name: `${prefix}weight`, shape: [outputDim, into], initialization: weight },
    { name: `${prefix}bias`, shape: [outputDim], initialization: { kind: 'zeros' } },
  ];
}

function optional(initialization: Initialization | undefined): tf.serialization.ConfigDict {
  return initialization === undefined ? {} : { initialization: { ...initialization } };
}
