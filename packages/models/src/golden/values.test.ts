import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GoldenError } from '../errors.ts';
import { checkCalibrators } from './calibrators.ts';
import { checkRankingMetrics } from './ranking-metrics.ts';

type Values = { [key: string]: Values & number & number[] };
const read = (file: string): Values =>
  JSON.parse(readFileSync(new URL(`./fixtures/values/${file}.json`, import.meta.url), 'utf8'));

/** Paths to every number of what is expected; of a column the first. */
function numbersOf(values: unknown, path: string[] = []): string[][] {
  if (typeof values === 'number') return [path];
  return Object.entries(values as object)
    .filter(([key]) => key !== 'shape')
    .slice(0, path.at(-1) === 'data' ? 1 : undefined)
    .flatMap(([key, value]) => numbersOf(value, [...path, key]));
}

describe.each([
  ['ranking-metrics', checkRankingMetrics, 27],
  ['calibrators', checkCalibrators, 36],
] as const)('%s', (file, check, count) => {
  it('agrees', async () => {
    const { maxima, tolerance } = await check(read(file));
    expect(tolerance.outputs).toBe(1e-7);
    expect(maxima.outputs).toBeLessThan(1e-9);
  });

  it('notices every number that is changed', async () => {
    const paths = numbersOf(read(file).outputs);
    expect(paths.length).toBe(count);
    for (const path of paths) {
      const changed = read(file);
      let at = changed.outputs as Values;
      for (const key of path.slice(0, -1)) at = at[key];
      at[path.at(-1)!] = ((at[path.at(-1)!] as number) + 0.001) as Values & number & number[];
      expect((await check(changed)).maxima.outputs, path.join('.')).toBeGreaterThan(1e-5);
    }
  });
});

it('refuses a figure that is not known, and a file without a column', async () => {
  const json = read('ranking-metrics') as unknown as Record<string, Record<string, unknown>>;
  await expect(checkRankingMetrics({ ...json, outputs: { torchrec: { lift: 1 } } })).rejects.toThrow(GoldenError);
  await expect(checkRankingMetrics({ ...json, outputs: { torchrec: { lift: 1 } } })).rejects.toThrow(
    'golden: outputs.torchrec.lift: expected one of torchrec.ne, ',
  );
  const { users, ...inputs } = json.inputs;
  await expect(checkRankingMetrics({ ...json, inputs })).rejects.toThrow('golden: inputs.users: ');
  expect(users).toBeDefined();
});
