import type { RankingRunConfig } from '../config/ranking-schema.ts';
import { isRankingConfig, type RunConfig } from '../config/run-config.ts';
import type { RecipeConfig } from '../config/schema.ts';
import { UsageError } from '../errors.ts';
import type { Progress } from '../terminal/progress.ts';
import { type PreparedData, prepareData } from './dataset.ts';
import { type PreparedRows, prepareRows, type ReadsHistory, withHistoriesFor } from './prepare-rows.ts';

/** A configuration and the data that go with its task. */
export type RunMaterial =
  | { readonly config: RecipeConfig; readonly data: PreparedData }
  | { readonly config: RankingRunConfig; readonly data: PreparedRows };

export function isRankingMaterial<M extends RunMaterial>(
  material: M,
): material is Extract<M, { readonly config: RankingRunConfig }> {
  return isRankingConfig(material.config);
}

/** Reads, filters and splits the data of a configuration, as its task needs them. */
export async function prepareRun(config: RunConfig, folder: string, progress: Progress): Promise<RunMaterial> {
  return isRankingConfig(config)
    ? { config, data: await prepareRows(config.data, folder, progress, config.model as ReadsHistory) }
    : { config, data: await prepareData(config.data, folder, progress) };
}

/** The same data under another configuration of the same task. @throws UsageError for one of another task. */
export function withConfig(material: RunMaterial, config: RunConfig): RunMaterial {
  if (isRankingConfig(config) && isRankingMaterial(material))
    return { config, data: withHistoriesFor(material.data, config.model as ReadsHistory) };
  if (!isRankingConfig(config) && !isRankingMaterial(material)) return { config, data: material.data };
  throw new UsageError(
    `expected configurations of one task; got ${material.config.task.kind} and ${config.task.kind}`,
    'their data are prepared otherwise',
  );
}
