import { expect, it } from 'vitest';
import { resolveRun } from '../../config/load-recipe.ts';
import { isRankingConfig, type RunConfig } from '../../config/run-config.ts';
import type { RunMaterial } from '../../data/prepare-run.ts';
import { materialsOfRows } from './materials.ts';

/** A recipe under another split, and a data set that says nothing but what is tested. */
async function row(quantile: number, targets: readonly number[], digest = 'd') {
  const split = JSON.stringify({ kind: 'global-time', quantile });
  const { config } = await resolveRun({ recipe: 'ml-1m/sasrec', overrides: [{ key: 'data.split', text: split }] });
  return {
    config,
    tested: { protocol: 'global-time', interactions: { digest }, test: { targets: Int32Array.from(targets) } },
  };
}

async function prepare(rows: readonly Awaited<ReturnType<typeof row>>[]) {
  const made: RunConfig[] = [];
  const materials = await materialsOfRows(
    rows.map(({ config }) => config),
    async (config) => {
      made.push(config);
      const { tested } = rows.find((each) => each.config === config)!;
      return { config, data: { split: tested } } as unknown as RunMaterial;
    },
  );
  return { made, materials };
}

it('prepares data once for each way in which rows take them', async () => {
  const [one, two] = [await row(0.9, [1, 5]), await row(0.8, [1, 5])];
  const again = { ...one, config: { ...one.config, seed: 7 } };
  const { made, materials } = await prepare([one, two, again]);
  expect(made).toEqual([one.config, two.config]);
  expect(materials.map(({ config }) => config)).toEqual([one.config, two.config, again.config]);
  expect(materials[2].data).toBe(materials[0].data);
  expect(materials[1].data).not.toBe(materials[0].data);
  expect(isRankingConfig(one.config)).toBe(false);
});

it('refuses rows that are tested on other targets, or on other data', async () => {
  const one = await row(0.9, [1, 5]);
  await expect(prepare([one, await row(0.8, [1, 6])])).rejects.toThrow(
    'table: expected rows that are tested on the same targets; got 2 of global-time and 2 of global-time',
  );
  await expect(prepare([one, await row(0.8, [1, 5], 'e')])).rejects.toThrow('tested on the same targets');
});
