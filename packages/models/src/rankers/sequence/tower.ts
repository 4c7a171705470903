import * as tf from '@tensorflow/tfjs-core';
import { HiddenLayers } from '../../layers/hidden-layers.ts';
import type { Run, StreamLayer } from '../../layers/layer.ts';
import { linearOutIn } from '../../layers/linear.ts';
import { Projection } from '../../layers/projection.ts';
import { CrossNetwork } from '../dcn-v2/cross.ts';
import type { SequenceConfig } from './config.ts';

/** From the vector of a row to its logits. */
export interface Tower {
  readonly layers: readonly StreamLayer[];
  /** `[B, inputDim]` to `[B, L]`. */
  logits(x: tf.Tensor2D, run: Run): tf.Tensor2D;
}

export interface TowerOptions {
  readonly inputDim: number;
  readonly labels: number;
  readonly seed: number;
}

/** What models may have in their configuration for their tower, besides the keys of all. */
export interface TowerConfig extends SequenceConfig {
  /** What stands after each hidden layer; default `relu`. */
  readonly hiddenActivation?: 'relu' | 'dice';
}

/**
 * `mlp`: hidden layers `deep` and a linear map. `dcn-v2`: `[cross(x) ; deep(x)] W + b`, as the parallel DCN-V2. Names
 * of weights are those of the models `mlp` and `dcn-v2`.
 */
export function towerOf(
  { tower, crossLayers = 3, hiddenSizes, dropout, hiddenActivation }: TowerConfig,
  { inputDim, labels, seed }: TowerOptions,
): Tower {
  const activation = hiddenActivation === 'dice' ? ({ activation: hiddenActivation } as const) : {};
  const shared = { inputDim, hiddenSizes, dropout, ...activation, seed, stream: 'deep' };
  if (tower === 'mlp') {
    const deep = new HiddenLayers({ ...shared, outputDim: labels });
    return { layers: [deep], logits: (x, run) => deep.forward(x, run) };
  }
  const deep = new HiddenLayers(shared);
  const cross = new CrossNetwork({
    ...{ inputDim, layers: crossLayers, form: 'full', rank: 1, experts: 1 },
    ...{ seed, stream: 'cross' },
  });
  const head = new Projection({ inputDim: inputDim + deep.width, outputDim: labels, seed, stream: 'head' });
  return {
    layers: [cross, deep, head],
    logits: (x, run) =>
      tf.tidy(() => {
        const [ofCross, ofDeep] = tf.split(head.weight('weight') as tf.Tensor2D, [inputDim, deep.width], 1);
        const crossed = linearOutIn(cross.forward(x), ofCross as tf.Tensor2D, head.weight('bias') as tf.Tensor1D);
        return tf.add(crossed, linearOutIn(deep.forward(x, run), ofDeep as tf.Tensor2D));
      }),
  };
}
