import type { HstuConfig } from '@seqrec/models';
import { addFlops, attentionFlops, type Flops, linearFlops, timesFlops, type Workload } from './flops.ts';

/**
 * A block: `D -> 2 H C + 2 H A`, attention of `H` heads, `H C -> D`; `H C` columns fewer without a gate, an output map three
 * times as wide with `concat`. A local window counts as if it were none: an upper bound.
 */
export function hstuFlops(config: HstuConfig, { tokens, pairs }: Workload): Flops {
  const { embeddingDim: d, numHeads: h, dqk, dv, numBlocks, gate, concat } = config;
  const block = addFlops(
    linearFlops(tokens, { in: d, out: (gate ? 2 : 1) * h * dv + 2 * h * dqk }),
    attentionFlops(pairs, { count: h, query: dqk, value: dv }),
    linearFlops(tokens, { in: (concat ? 3 : 1) * h * dv, out: d }),
  );
  return timesFlops(numBlocks, block);
}
