import type { Flops, Workload } from '../../flops/flops.ts';
import { transformerBlocksFlops } from '../transformer/flops.ts';
import type { SasrecConfig } from './config.ts';

/** The blocks, as those of the Transformer. */
export function sasrecFlops(config: SasrecConfig, work: Workload): Flops {
  return transformerBlocksFlops(config, config.ffnDim, work);
}
