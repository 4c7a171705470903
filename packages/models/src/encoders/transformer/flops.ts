import { addFlops, attentionFlops, type Flops, linearFlops, timesFlops, type Workload } from '../../flops/flops.ts';
import { type TransformerSwitches, transformerSwitches } from './blocks.ts';
import type { TransformerConfig } from './config.ts';

/**
 * A block: `D -> 3 D`, attention of `H` heads of width `D / H`, `D -> D`, then `D -> F -> D`; with `swiglu` twice as
 * much into `F`, and two maps `D -> D` of gated residuals.
 */
export function transformerBlocksFlops(
  config: { readonly embeddingDim: number; readonly numHeads: number; readonly numBlocks: number },
  ffnDim: number,
  { tokens, pairs }: Workload,
  { activation, gatedResidual = false }: Partial<Pick<TransformerSwitches, 'activation' | 'gatedResidual'>> = {},
): Flops {
  const { embeddingDim: d, numHeads, numBlocks } = config;
  const block = addFlops(
    linearFlops(tokens, { in: d, out: 3 * d }),
    attentionFlops(pairs, { count: numHeads, query: d / numHeads, value: d / numHeads }),
    linearFlops(tokens, { in: d, out: d }),
    linearFlops(tokens, { in: d, out: (activation === 'swiglu' ? 2 : 1) * ffnDim }),
    linearFlops(tokens, { in: ffnDim, out: d }),
    ...(gatedResidual ? [linearFlops(tokens, { in: d, out: 2 * d })] : []),
  );
  return timesFlops(numBlocks, block);
}

/** The blocks. */
export function transformerFlops(config: TransformerConfig, work: Workload): Flops {
  const seen = config.attention === 'bidirectional' ? everyPair(work) : work;
  return transformerBlocksFlops(config, config.ffnDim ?? 4 * config.embeddingDim, seen, transformerSwitches(config));
}

/** Sequences with the event to predict among their tokens, all pairs of which attend. */
function everyPair(work: Workload): Workload {
  const lengths = Array.from(work.lengths, (length) => length + 1);
  return {
    ...work,
    lengths,
    tokens: work.tokens + lengths.length,
    pairs: lengths.reduce((sum, length) => sum + length ** 2, 0),
  };
}
