import {
  causalAttention,
  type LinearLayerOptions,
  linearBlocks,
  linearBlocksAndSkip,
  linearLayer,
  linearLayerAndSkip,
  UnsupportedError,
} from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Initialization } from './initializers.ts';
import { dropOptionsAt, type Run, type WeightSpec } from './layer.ts';
import { type NormedMap, normedMap } from './normed-map.ts';
import type { PaddingKeys } from './padding-keys.ts';

/** How the maps of attention start. */
export interface InitialMaps {
  readonly input?: Initialization;
  readonly output?: Initialization;
}

/**
 * Weights of multi-head attention in PyTorch's layout: rows of `in_proj_weight` are q, k, v. Maps start Xavier-normal
 * unless told otherwise, biases at zero.
 */
export function attentionWeights(
  embeddingDim: number,
  { input = { kind: 'xavier-normal' }, output = { kind: 'xavier-normal' } }: InitialMaps = {},
): WeightSpec[] {
  const d = embeddingDim;
  return [
    {
      name: 'in_proj_weight',
      shape: [3 * d, d],
      initialization: input,
      blocks: { axis: 0, sizes: [d, d, d] },
    },
    { name: 'in_proj_bias', shape: [3 * d], initialization: { kind: 'zeros' } },
    { name: 'out_proj.weight', shape: [d, d], initialization: output },
    { name: 'out_proj.bias', shape: [d], initialization: { kind: 'zeros' } },
  ];
}

export interface SelfAttentionOptions {
  /**
   * Queries come from this, shape `[T, D]`; with `lastOnly` `[B, D]`, the last token of each sequence. Or they come
   * from the layer norm of `keyValue`: then the kernel of their map makes it, and adds the gradients of all uses.
   */
  readonly query: tf.Tensor2D | { readonly epsilon: number };
  /** Norm of both, with gain and bias, of which the maps are: the kernels make it by the way. Default: none. */
  readonly norm?: Pick<NormedMap, 'gain' | 'bias' | 'epsilon'>;
  /** One query a sequence, for inference. */
  readonly lastOnly?: boolean;
  /** Which keys of its sequence a query sees; default: those at its place and before. */
  readonly sees?: 'causal' | 'all';
  /**
   * What padding of zeros would add: its keys and values are the biases of their maps. Default: none; none with a
   * memory.
   */
  readonly padding?: PaddingKeys | undefined;
  /** Keys and values come from this, shape `[T, D]`. */
  readonly keyValue: tf.Tensor2D;
  /** int32 `[B + 1]`. */
  readonly offsets: tf.Tensor1D;
  readonly numHeads: number;
  /** The layer's weights by the names of {@link attentionWeights}. */
  readonly weight: (name: string) => tf.Variable;
  /** Of the probabilities. */
  readonly dropoutRate: number;
  /** What follows the output projection; the residual may be the rows that the queries come from. */
  readonly output?: Pick<LinearLayerOptions, 'dropout'> & { readonly residual?: tf.Tensor2D | 'query' };
  /** Name of the dropout site. */
  readonly site: string;
  readonly run: Run;
}

/**
 * Multi-head attention as `torch.nn.MultiheadAttention`, causal unless told otherwise: projections with bias, scale
 * `1 / sqrt(D / H)`, dropout on the attention probabilities; then `output`.
 *
 * @returns shape of `query`
 */
export function selfAttention(options: SelfAttentionOptions): tf.Tensor2D {
  const { keyValue, offsets, numHeads, weight, dropoutRate, output, site, run, lastOnly = false, sees } = options;
  const { padding } = options;
  const d = keyValue.shape[1];
  const { q, k, v, query } = projections(options);
  const heads = (x: tf.Tensor): tf.Tensor3D => tf.reshape(x, [-1, numHeads, d / numHeads]);
  const one = lastOnly && { queryOffsets: oneEach(q.shape[0]) };
  const all = { k: heads(k), v: heads(v), offsets, ...one, ...(padding && padded({ k, v, padding }, options)) };
  const kept = run.memory?.keys(site, all) ?? all;
  const both = lastOnly ? { sees } : { mask: { bidirectional: true } };
  const keys = sees === 'all' ? { ...kept, ...both } : kept;
  const dropout = dropOptionsAt(dropoutRate, site, run, numHeads);
  const attended = causalAttention({ q: heads(q), ...keys, scale: 1 / Math.sqrt(d / numHeads), dropout });
  const w = weight('out_proj.weight') as tf.Tensor2D;
  const b = weight('out_proj.bias') as tf.Tensor1D;
  const residual = output?.residual === 'query' ? query : output?.residual;
  return linearLayer({ x: tf.reshape(attended, [-1, d]), w, b, dropout: output?.dropout, residual });
}

/** A row more of keys and of values, which all padding shares. */
function padded(
  { k, v, padding }: { readonly k: tf.Tensor2D; readonly v: tf.Tensor2D; readonly padding: PaddingKeys },
  { offsets, numHeads, weight, lastOnly, run }: SelfAttentionOptions,
) {
  if (run.memory !== undefined)
    throw new UnsupportedError('selfAttention: expected no memory with padding; got one; read the whole history');
  const d = k.shape[1];
  const [, ofKeys, ofValues] = tf.split(tf.reshape(weight('in_proj_bias'), [1, 3 * d]), 3, 1) as tf.Tensor2D[];
  const heads = (x: tf.Tensor): tf.Tensor3D => tf.reshape(x, [-1, numHeads, d / numHeads]);
  return {
    k: heads(tf.concat([k, ofKeys])),
    v: heads(tf.concat([v, ofValues])),
    keyRows: padding.keyRows,
    offsets: padding.keyOffsets,
    ...(!lastOnly && { queryOffsets: offsets }),
  };
}

/** Queries, keys and values, and the rows of the queries for another use: one map where all come from the same rows. */
function projections({ query, keyValue, weight, norm: affine }: SelfAttentionOptions) {
  const d = keyValue.shape[1];
  const own = { w: weight('in_proj_weight') as tf.Tensor2D, b: weight('in_proj_bias') as tf.Tensor1D };
  const { w, b, norm } = affine === undefined ? { ...own, norm: undefined } : normedMap({ ...own, ...affine });
  if (query === keyValue) {
    const [q, k, v] = linearBlocks({ x: query, w, b, norm }, [d, d, d]);
    return { q, k, v, query };
  }
  const [wQuery, wKeyValue] = tf.split(w, [d, 2 * d], 0) as tf.Tensor2D[];
  const [bQuery, bKeyValue] = tf.split(b as tf.Tensor1D, [d, 2 * d], 0) as tf.Tensor1D[];
  const { blocks, skip } = linearBlocksAndSkip({ x: keyValue, w: wKeyValue, b: bKeyValue, norm }, [d, d]);
  const [k, v] = blocks;
  const from = 'epsilon' in query ? { x: skip, norm: query } : { x: query, norm };
  const { y: q, skip: rows } = linearLayerAndSkip({ ...from, w: wQuery, b: bQuery });
  return { q, k, v, query: rows };
}

/** `queryOffsets` of one query a sequence. */
export function oneEach(sequences: number): Int32Array {
  return Int32Array.from({ length: sequences + 1 }, (_, b) => b);
}
