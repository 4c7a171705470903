import { isRankingMaterial, type RunMaterial } from '../../data/prepare-run.ts';
import { checkAgainstData } from '../open/check-config.ts';
import { checkRankingAgainstData } from '../ranking/check-ranking.ts';
import { executeRankingRun } from '../ranking/execute-ranking.ts';
import { rankingOf } from '../ranking/ranking-of.ts';
import { executeRun } from './execute-run.ts';
import type { Executed, ExecuteOptions } from './run-folder.ts';

/** A run of any task. */
export function executeAny(material: RunMaterial, options: ExecuteOptions): Promise<Executed> {
  return isRankingMaterial(material)
    ? executeRankingRun({ ...options, config: material.config, data: material.data })
    : executeRun({ ...options, config: material.config, data: material.data });
}

/** Checks a configuration of any task against its data. @throws ConfigError naming the key. */
export function checkMaterial(material: RunMaterial): void {
  if (isRankingMaterial(material)) {
    const { config, data } = material;
    checkRankingAgainstData(config, data, rankingOf(config, data.split.train));
  } else checkAgainstData(material.config, material.data);
}
