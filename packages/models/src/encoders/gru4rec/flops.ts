import { addFlops, type Flops, linearFlops, type Workload } from '../../flops/flops.ts';
import type { Gru4recConfig } from './config.ts';

/** A layer: `in -> 3 E` and, step by step, `E -> 3 E`; after the layers `E -> D`, with `outputProjection`. */
export function gru4recFlops(config: Gru4recConfig, work: Workload): Flops {
  const { embeddingDim: d, numBlocks } = config;
  const e = config.hiddenDim ?? d;
  const layers = Array.from({ length: numBlocks }, (_, i) => layerFlops(i === 0 ? d : e, e, work));
  if (config.outputProjection === false) return addFlops(...layers);
  return addFlops(...layers, linearFlops(work.tokens, { in: e, out: d }));
}

function layerFlops(input: number, e: number, { tokens, lengths }: Workload): Flops {
  let sequences = 0;
  for (let b = 0; b < lengths.length; b++) if (lengths[b] > 0) sequences++;
  const step = 2 * 3 * e * e;
  // The state before the first step is zero.
  const later = tokens - sequences;
  const recurrent = { forward: later * step, backward: 2 * later * step };
  return addFlops(linearFlops(tokens, { in: input, out: 3 * e }), recurrent);
}
