import { causalAttention, causalAttentionLast, streamKey } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Run, WeightSpec } from './layer.ts';
import { linearOutIn } from './linear.ts';

/** Weights of multi-head attention in PyTorch's layout: rows of `in_proj_weight` are q, k, v. Biases start at zero. */
export function attentionWeights(embeddingDim: number): WeightSpec[] {
  const d = embeddingDim;
  return [
    { name: 'in_proj_weight', shape: [3 * d, d], initialization: { kind: 'xavier-normal' } },
    { name: 'in_proj_bias', shape: [3 * d], initialization: { kind: 'zeros' } },
    { name: 'out_proj.weight', shape: [d, d], initialization: { kind: 'xavier-normal' } },
    { name: 'out_proj.bias', shape: [d], initialization: { kind: 'zeros' } },
  ];
}

export interface SelfAttentionOptions {
  /** Queries come from this, shape `[T, D]`; with `lastOnly` `[B, D]`, the last token of each sequence. */
  readonly query: tf.Tensor2D;
  /** One query a sequence, for inference. */
  readonly lastOnly?: boolean;
  /** Keys and values come from this, shape `[T, D]`. */
  readonly keyValue: tf.Tensor2D;
  /** int32 `[B + 1]`. */
  readonly offsets: tf.Tensor1D;
  readonly numHeads: number;
  /** The layer's weights by the names of {@link attentionWeights}. */
  readonly weight: (name: string) => tf.Variable;
  readonly dropoutRate: number;
  /** Name of the dropout site. */
  readonly site: string;
  readonly run: Run;
}

/**
 * Causal multi-head attention as `torch.nn.MultiheadAttention`: projections with bias, scale `1 / sqrt(D / H)`, dropout on
 * the attention probabilities.
 *
 * @returns shape of `query`
 */
export function selfAttention(options: SelfAttentionOptions): tf.Tensor2D {
  const { query, keyValue, offsets, numHeads, weight, dropoutRate, site, run, lastOnly = false } = options;
  const d = query.shape[1];
  const [wQuery, wKeyValue] = tf.split(weight('in_proj_weight'), [d, 2 * d], 0) as tf.Tensor2D[];
  const [bQuery, bKeyValue] = tf.split(weight('in_proj_bias'), [d, 2 * d], 0) as tf.Tensor1D[];
  const q = linearOutIn(query, wQuery, bQuery);
  const [k, v] = tf.split(linearOutIn(keyValue, wKeyValue, bKeyValue), 2, 1);
  const heads = (x: tf.Tensor): tf.Tensor3D => tf.reshape(x, [-1, numHeads, d / numHeads]);
  const inputs = { q: heads(q), k: heads(k), v: heads(v), offsets, scale: 1 / Math.sqrt(d / numHeads) };
  const active = run.training && dropoutRate > 0;
  const stream = { key: streamKey(run.seed, `dropout/${site}`), step: run.step };
  const attended = lastOnly
    ? causalAttentionLast(inputs)
    : causalAttention({ ...inputs, dropout: active ? { rate: dropoutRate, stream } : undefined });
  const output = { weight: weight('out_proj.weight') as tf.Tensor2D, bias: weight('out_proj.bias') as tf.Tensor1D };
  return linearOutIn(tf.reshape(attended, [-1, d]), output.weight, output.bias);
}
