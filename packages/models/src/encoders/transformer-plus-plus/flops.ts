import { addFlops, attentionFlops, type Flops, linearFlops, timesFlops, type Workload } from '../../flops/flops.ts';
import type { TransformerPlusPlusConfig } from './config.ts';

/**
 * A block: `D -> 3 H A`, attention of `H` heads of width `A`, `H A -> D`, then `D -> 2 F` and
 * `F -> D` of the gated unit.
 */
export function transformerPlusPlusFlops(config: TransformerPlusPlusConfig, { tokens, pairs }: Workload): Flops {
  const { embeddingDim: d, numHeads, numBlocks } = config;
  const ffnDim = config.ffnDim ?? 8 * Math.ceil(d / 3);
  const headDim = config.headDim ?? d / numHeads;
  const inner = numHeads * headDim;
  const block = addFlops(
    linearFlops(tokens, { in: d, out: 3 * inner }),
    attentionFlops(pairs, { count: numHeads, query: headDim, value: headDim }),
    linearFlops(tokens, { in: inner, out: d }),
    linearFlops(tokens, { in: d, out: 2 * ffnDim }),
    linearFlops(tokens, { in: ffnDim, out: d }),
  );
  return timesFlops(numBlocks, block);
}
