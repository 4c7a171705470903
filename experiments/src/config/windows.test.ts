import { slidingRules } from '@seqrec/data';
import { expect, it } from 'vitest';
import { resolveConfig } from './load-recipe.ts';
import { windowPolicy, windowsConfigSchema } from './windows.ts';

const resolve = async (...pairs: readonly string[]) => {
  const overrides = pairs.map((pair) => ({ key: pair.split(' ')[0], text: pair.split(' ')[1] }));
  return (await resolveConfig({ recipe: 'ml-100k/hstu', overrides })).config;
};

it('a recipe takes windows from the command line, defaults filled in', async () => {
  const config = await resolve('windows.policy one-random', 'windows.maxHistory 500');
  expect(config.windows).toEqual({ policy: 'one-random', maxHistory: 500, stride: 1 });
  expect(windowPolicy(config)).toMatchObject({ name: 'one-random', reach: 500, equalBudget: true });
  const changed = await resolve('windows.policy one-random', 'windows.stride 7', 'windows.policy strided-offset');
  expect(changed.windows).toEqual({ policy: 'strided-offset', maxHistory: 'all', offsetEpochs: 10, budget: 'epochs' });
  expect(windowPolicy(await resolve())).toBeUndefined();
});

it('schedules, stochastic length, equal steps', async () => {
  const mixed = await resolve(
    'windows.policy weighted',
    'windows.schedule.epochs 10',
    'windows.schedule.controlEpochs 10',
    'windows.schedule.order interleaved',
  );
  expect(windowPolicy(mixed)).toMatchObject({ reach: mixed.model.maxSequenceLength });
  const short = await resolve('windows.policy stochastic-length', 'windows.alpha 1.6');
  expect(short.windows).toEqual({ policy: 'stochastic-length', alpha: 1.6, subsequence: 'weighted' });
  expect(windowPolicy(short)?.name).toBe('stochastic-length 1.6 weighted');
  const all = await resolve('windows.policy all-windows', 'windows.budget steps');
  expect(windowPolicy(all)?.name).toBe('all-windows, equal steps');
});

it('refuses what a policy does not take, and values that are wrong together', async () => {
  await expect(resolve('windows.policy control', 'windows.stride 2')).rejects.toThrow('--windows.stride: unknown key');
  await expect(resolve('windows.policy newest')).rejects.toThrow('windows.policy');
  const narrow = await resolve('windows.policy weighted', 'windows.maxHistory 5');
  expect(() => windowPolicy(narrow)).toThrow('windows: expected maxHistory of 200 or more, a whole number; got 5');
  const mixed = await resolve(
    'windows.policy weighted',
    'windows.schedule.epochs 2',
    'windows.schedule.controlEpochs 3',
  );
  expect(() => windowPolicy(mixed)).toThrow('windows: expected controlEpochs up to 2; got 3');
});

it('every rule is offered', () => {
  for (const policy of slidingRules) expect(windowsConfigSchema().safeParse({ policy }).success).toBe(true);
});
