import { linearLayer } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { dice, diceSpecs } from './dice.ts';
import type { Initialization } from './initializers.ts';
import { inputList, type LayerArgs, type Run, runOf, StreamLayer, type WeightSpec } from './layer.ts';

/** What follows the map of a hidden layer. */
export const hiddenActivations = ['relu', 'sigmoid', 'linear'] as const;
export type HiddenActivation = (typeof hiddenActivations)[number];

export interface HiddenLayersArgs extends LayerArgs {
  readonly inputDim: number;
  readonly hiddenSizes: readonly number[];
  /** Width of a linear layer after the hidden ones; absent: none. */
  readonly outputDim?: number;
  /** Whether the last layer begins as so many layers of width 1: one output more does not move the others. */
  readonly separateOutputs?: boolean;
  /** After each hidden layer. */
  readonly dropout: number;
  /** Default `relu`; `dice` has a slope a unit and running statistics. */
  readonly activation?: HiddenActivation | 'dice';
}

/**
 * `h_{i+1} = dropout(act(W_i h_i + b_i))`, then `W h + b` if wanted: `[B, inputDim]` to `[B, outputDim]`. Weights are
 * xavier-normal, biases start at zero.
 */
export class HiddenLayers extends StreamLayer {
  static className = 'SeqrecHiddenLayers';
  readonly args: HiddenLayersArgs;

  constructor(args: HiddenLayersArgs) {
    super(args);
    this.args = args;
  }

  /** Width of what it makes. */
  get width(): number {
    return this.sizes.at(-1) ?? this.args.inputDim;
  }

  private get sizes(): readonly number[] {
    const { hiddenSizes, outputDim } = this.args;
    return outputDim === undefined ? hiddenSizes : [...hiddenSizes, outputDim];
  }

  protected weightSpecs(): WeightSpec[] {
    const inputs = [this.args.inputDim, ...this.sizes];
    const { hiddenSizes, separateOutputs = false, activation } = this.args;
    const initial = (i: number): Initialization =>
      separateOutputs && i === hiddenSizes.length
        ? { kind: 'normal', standardDeviation: Math.sqrt(2 / (inputs[i] + 1)) }
        : { kind: 'xavier-normal' };
    return this.sizes.flatMap((size, i): WeightSpec[] => [
      { name: `${i}.weight`, shape: [size, inputs[i]], initialization: initial(i) },
      { name: `${i}.bias`, shape: [size], initialization: { kind: 'zeros' } },
      ...(activation === 'dice' && i < hiddenSizes.length ? diceSpecs(`${i}`, size) : []),
    ]);
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs?: { readonly [key: string]: unknown }): tf.Tensor {
    const [x] = inputList(inputs) as [tf.Tensor2D];
    return this.forward(x, runOf(kwargs));
  }

  forward(x: tf.Tensor2D, run: Run): tf.Tensor2D {
    const { hiddenSizes, dropout, activation = 'relu' } = this.args;
    return tf.tidy(() =>
      this.sizes.reduce((rows, _, i) => {
        const map = {
          x: rows,
          w: this.weight(`${i}.weight`) as tf.Tensor2D,
          b: this.weight(`${i}.bias`) as tf.Tensor1D,
        };
        if (i === hiddenSizes.length) return linearLayer(map);
        if (activation === 'sigmoid') return this.drop(tf.sigmoid(linearLayer(map)), dropout, `${i}`, run);
        if (activation === 'dice') {
          return this.drop(dice(linearLayer(map), this, `${i}`, run), dropout, `${i}`, run);
        }
        const drop = this.dropOptions(dropout, `${i}`, run, hiddenSizes[i]);
        return linearLayer({ ...map, ...(activation === 'relu' && { activation }), dropout: drop });
      }, x),
    );
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return [inputShape[0], this.width];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { inputDim, hiddenSizes, outputDim, separateOutputs, dropout, activation } = this.args;
    return {
      ...super.getConfig(),
      inputDim,
      hiddenSizes: [...hiddenSizes],
      dropout,
      ...(outputDim !== undefined && { outputDim }),
      ...(activation !== undefined && { activation }),
      ...(separateOutputs && { separateOutputs }),
    };
  }
}
tf.serialization.registerClass(HiddenLayers);
