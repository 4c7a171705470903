import type { AttentionMask } from '@seqrec/core';
import type { Initialization } from '../../layers/initializers.ts';
import type { WeightSpec } from '../../layers/layer.ts';
import type { MemoryKeys } from '../../layers/memory.ts';

/** What queries see. */
export type AttentionKeys = MemoryKeys & { readonly mask?: AttentionMask };

interface Sizes {
  readonly embeddingDim: number;
  readonly numHeads: number;
  readonly headDim: number;
  readonly ffnDim: number;
  readonly feedForward: 'relu' | 'gated-gelu';
}

const normal = (variance: number): Initialization => ({ kind: 'normal', standardDeviation: Math.sqrt(variance) });

/**
 * Weights of an attention of T5. Those of queries start small in the place of a scale `1 / sqrt(A)`: with variance
 * `1 / (D A)`. With `buckets` it holds the table of biases of its stack.
 */
export function attentionSpecs(
  name: string,
  { embeddingDim: d, numHeads, headDim }: Sizes,
  buckets?: number,
): WeightSpec[] {
  const inner = numHeads * headDim;
  return [
    { name: `${name}.q.weight`, shape: [inner, d], initialization: normal(1 / (d * headDim)) },
    { name: `${name}.k.weight`, shape: [inner, d], initialization: normal(1 / d) },
    { name: `${name}.v.weight`, shape: [inner, d], initialization: normal(1 / d) },
    { name: `${name}.o.weight`, shape: [d, inner], initialization: normal(1 / inner) },
    ...(buckets === undefined
      ? []
      : [
          {
            name: `${name}.relative_attention_bias.weight`,
            shape: [buckets, numHeads],
            initialization: normal(1 / d),
            isTable: true,
          },
        ]),
  ];
}

export function feedForwardSpecs(name: string, { embeddingDim: d, ffnDim, feedForward }: Sizes): WeightSpec[] {
  const inner = feedForward === 'relu' ? ['wi'] : ['wi_0', 'wi_1'];
  return [
    ...inner.map((wi) => ({ name: `${name}.${wi}.weight`, shape: [ffnDim, d], initialization: normal(1 / d) })),
    { name: `${name}.wo.weight`, shape: [d, ffnDim], initialization: normal(1 / ffnDim) },
  ];
}

/** The gain of the norm before a sub-layer. */
export function gainSpec(layer: string, { embeddingDim }: Sizes): WeightSpec {
  return { name: `${layer}.layer_norm.weight`, shape: [embeddingDim], initialization: { kind: 'ones' } };
}
