import type { Flops, Workload } from '../../flops/flops.ts';
import { transformerBlocksFlops } from '../transformer/flops.ts';
import type { SasrecConfig } from './config.ts';

/** The blocks, as those of the Transformer; padding that is seen is keys of every event. */
export function sasrecFlops(config: SasrecConfig, work: Workload): Flops {
  return transformerBlocksFlops(config, config.ffnDim, config.seesPadding ? withPadding(config, work) : work);
}

function withPadding({ maxSequenceLength }: SasrecConfig, work: Workload): Workload {
  const padding = Array.from(work.lengths, (length) => length * Math.max(0, maxSequenceLength - length));
  return { ...work, pairs: padding.reduce((sum, pairs) => sum + pairs, work.pairs) };
}
