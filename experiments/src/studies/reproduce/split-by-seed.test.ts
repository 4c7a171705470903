import { expect, it } from 'vitest';
import { randomRows } from '../../config/ctr-reference.ts';
import { loadRecipe, resolveConfig, resolveRun } from '../../config/load-recipe.ts';
import { underSeed } from './split-by-seed.ts';

it('gives a seed to the run alone, or to the split as well', async () => {
  const { config } = await loadRecipe('ctr/ml-1m-lr');
  expect(underSeed({}, config, 7)).toEqual({ ...config, seed: 7 });
  const { data } = underSeed({ splitBySeed: true }, config, 7);
  expect(data).toEqual({ ...config.data, split: { ...randomRows, seed: 7 } });
});

it('refuses a split that is not by chance', async () => {
  const { config } = await loadRecipe('ctr/ml-1m-lr-by-time');
  expect(() => underSeed({ splitBySeed: true }, config, 7)).toThrow(
    'table: splitBySeed: expected a split by chance; got {"kind":"rows-by-time"',
  );
  const lastRows = async (by: string) => {
    const overrides = [{ key: 'data.split', text: JSON.stringify({ kind: 'last-rows', by }) }];
    return underSeed({ splitBySeed: true }, (await resolveRun({ recipe: 'ctr/ml-1m-lr', overrides })).config, 7);
  };
  expect((await lastRows('user')).data).toMatchObject({ split: { kind: 'last-rows', seed: 7 } });
  await expect(lastRows('time')).rejects.toThrow('expected a split by chance; got {"kind":"last-rows"');
  const underTime = async (target: string) => {
    const overrides = [{ key: 'data.split', text: JSON.stringify({ kind: 'global-time', target }) }];
    return underSeed({ splitBySeed: true }, (await resolveConfig({ recipe: 'ml-1m/hstu', overrides })).config, 7);
  };
  expect((await underTime('random')).data).toMatchObject({ split: { kind: 'global-time', seed: 7 } });
  await expect(underTime('first')).rejects.toThrow('expected a split by chance; got {"kind":"global-time"');
});
