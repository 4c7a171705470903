import { cutMRR } from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';
import { rankingBeams } from '../../data/coded-items.ts';

/** What stands beside figures of a configuration where MRR is among them, and beams cut it. */
export function beamRemark(config: Pick<RecipeConfig, 'task'>, metrics: readonly string[]): string | undefined {
  const beams = rankingBeams(config);
  return beams === undefined || !metrics.includes('MRR') ? undefined : cutMRR(beams);
}
