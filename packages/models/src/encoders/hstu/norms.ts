import { type DropoutOptions, dropout, gatedNorm, layerNorm, rmsNorm } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { WeightSpec } from '../../layers/layer.ts';
import type { HstuSwitches } from './blocks.ts';

/** Of both norms of a layer: added to the variance, of `rms` to the mean square. */
export const EPSILON = 1e-6;

type Weights = (name: string) => tf.Tensor;
type NormSwitches = Pick<HstuSwitches, 'affineNorms' | 'outputNorm'>;

/** Weights of the two norms of a layer: none unless they are affine. A group norm has one gain and one bias a head. */
export function normWeights(
  { affineNorms, outputNorm }: NormSwitches,
  { embeddingDim, numHeads, dv }: { readonly embeddingDim: number; readonly numHeads: number; readonly dv: number },
): { readonly input: WeightSpec[]; readonly output: WeightSpec[] } {
  if (!affineNorms) return { input: [], output: [] };
  const gain = (norm: string, size: number): WeightSpec => ({
    name: `${norm}.weight`,
    shape: [size],
    initialization: { kind: 'ones' },
  });
  const bias = (norm: string, size: number): WeightSpec => ({
    name: `${norm}.bias`,
    shape: [size],
    initialization: { kind: 'zeros' },
  });
  const size = outputNorm === 'group' ? numHeads : numHeads * dv;
  const output = [gain('output_norm', size), ...(outputNorm === 'rms' ? [] : [bias('output_norm', size)])];
  return { input: [gain('input_norm', embeddingDim), bias('input_norm', embeddingDim)], output };
}

/** Layer norm of what enters the layer, `[T, D]`. */
export function normedInput(x: tf.Tensor2D, { affineNorms }: NormSwitches, weights: Weights): tf.Tensor2D {
  const norm = layerNorm(x, { epsilon: EPSILON }) as tf.Tensor2D;
  return affineNorms ? tf.add(tf.mul(norm, weights('input_norm.weight')), weights('input_norm.bias')) : norm;
}

export interface OutputSwitches extends NormSwitches, Pick<HstuSwitches, 'concat'> {
  readonly numHeads: number;
  /** Dropout on the result; absent: none. */
  readonly drop: DropoutOptions | undefined;
}

/** Whether the output map reads `U * N(O)` alone, N the layer norm without gain: where there is a gate. */
export function readsGatedNorm({
  concat,
  affineNorms,
  outputNorm,
}: NormSwitches & Pick<HstuSwitches, 'concat'>): boolean {
  return concat === false && !affineNorms && outputNorm === 'layer';
}

/**
 * What the output map reads, dropout included: `U * N(O)`, or with `concat` `[U, N(O), U * N(O)]` or
 * `[U, O, U * N(O)]`; `N(O)` where there is no gate U.
 *
 * @param parts U and O, both `[T, H C]`
 */
export function outputInput(
  { u, attended }: { readonly u: tf.Tensor2D | undefined; readonly attended: tf.Tensor2D },
  switches: OutputSwitches,
  weights: Weights,
): tf.Tensor2D {
  const { concat, drop } = switches;
  if (u !== undefined && readsGatedNorm(switches)) {
    return gatedNorm(u, attended, { epsilon: EPSILON, dropout: drop });
  }
  const norm = normedOutput(attended, switches, weights);
  const gated = u === undefined ? norm : tf.mul(u, norm);
  const read =
    u === undefined || concat === false ? gated : tf.concat([u, concat === 'raw' ? attended : norm, gated], 1);
  return (drop === undefined ? read : dropout(read, drop)) as tf.Tensor2D;
}

function normedOutput(
  o: tf.Tensor2D,
  { affineNorms, outputNorm, numHeads }: OutputSwitches,
  weights: Weights,
): tf.Tensor2D {
  const columns = o.shape[1];
  if (outputNorm === 'rms') {
    const norm = rmsNorm(o, { epsilon: EPSILON });
    return affineNorms ? tf.mul(norm, weights('output_norm.weight')) : norm;
  }
  if (outputNorm === 'layer') {
    const norm = layerNorm(o, { epsilon: EPSILON }) as tf.Tensor2D;
    return affineNorms ? tf.add(tf.mul(norm, weights('output_norm.weight')), weights('output_norm.bias')) : norm;
  }
  const norm = layerNorm(tf.reshape(o, [-1, numHeads, columns / numHeads]), { epsilon: EPSILON });
  const perHead = (name: string): tf.Tensor => tf.reshape(weights(`output_norm.${name}`), [numHeads, 1]);
  return tf.reshape(affineNorms ? tf.add(tf.mul(norm, perHead('weight')), perHead('bias')) : norm, [-1, columns]);
}
