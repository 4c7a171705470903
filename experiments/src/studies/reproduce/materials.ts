import { isDeepStrictEqual } from 'node:util';
import type { RunConfig } from '../../config/run-config.ts';
import { type RunMaterial, withConfig } from '../../data/prepare-run.ts';
import { UsageError } from '../../errors.ts';

/**
 * The data of each row, prepared once for each way in which rows take them.
 *
 * @throws UsageError for rows that are not tested on the same targets of the same data.
 */
export async function materialsOfRows(
  configs: readonly RunConfig[],
  prepare: (config: RunConfig) => Promise<RunMaterial>,
): Promise<RunMaterial[]> {
  const prepared: RunMaterial[] = [];
  const materials: RunMaterial[] = [];
  for (const config of configs) {
    let own = prepared.find((material) => isDeepStrictEqual(material.config.data, config.data));
    if (own === undefined) {
      own = await prepare(config);
      if (prepared.length > 0) checkSameTargets(prepared[0], own);
      prepared.push(own);
    }
    materials.push(withConfig(own, config));
  }
  return materials;
}

function checkSameTargets({ data: { split: one } }: RunMaterial, { data: { split: other } }: RunMaterial): void {
  const same =
    one.interactions.digest === other.interactions.digest && isDeepStrictEqual(one.test.targets, other.test.targets);
  if (same) return;
  throw new UsageError(
    `table: expected rows that are tested on the same targets; got ${one.test.targets.length} of ${one.protocol} and ${other.test.targets.length} of ${other.protocol}`,
  );
}
