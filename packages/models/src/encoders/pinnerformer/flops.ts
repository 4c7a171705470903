import { addFlops, type Flops, linearFlops, type Workload } from '../../flops/flops.ts';
import { transformerBlocksFlops } from '../transformer/flops.ts';
import type { PinnerformerConfig } from './config.ts';
import { pinnerformerTimeColumns } from './time-features.ts';

/**
 * Item vectors, times and actions each `-> M`, Transformer blocks of width `M`, the output network `M -> F -> D`, and
 * the network `D_i -> F_i -> D` over the rows of the item table, which is `D_i` wide.
 */
export function pinnerformerFlops(config: PinnerformerConfig, work: Workload): Flops {
  const { embeddingDim: d, modelDim: m, actionDim } = config;
  const itemDim = config.itemDim ?? d;
  const ffnDim = config.ffnDim ?? 4 * m;
  const hidden = config.itemHiddenDim ?? 2 * d;
  const { tokens, itemRows } = work;
  return addFlops(
    linearFlops(tokens, { in: itemDim, out: m }),
    linearFlops(config.time ? tokens : 0, { in: pinnerformerTimeColumns, out: m }),
    linearFlops(config.actions === 'none' ? 0 : tokens, { in: actionDim, out: m }),
    linearFlops(config.duration === 'none' ? 0 : tokens, { in: 1, out: m }),
    transformerBlocksFlops({ ...config, embeddingDim: m }, ffnDim, work),
    linearFlops(tokens, { in: m, out: ffnDim }),
    linearFlops(tokens, { in: ffnDim, out: d }),
    linearFlops(itemRows, { in: itemDim, out: hidden }),
    linearFlops(itemRows, { in: hidden, out: d }),
  );
}
