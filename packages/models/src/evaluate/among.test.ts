import { useBackend } from '@seqrec/core';
import { type ExampleSet, latestWindow, makeBatch, takeExamples } from '@seqrec/data';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from '../inputs.ts';
import { encodeLast, type TokenEncoder } from '../model.ts';
import { createModel } from '../registry.ts';
import { knownModel } from '../test-support/known-model.ts';
import { tinyConfigs, tinySplit } from '../test-support/tiny.ts';
import { metricsAmong } from './among.ts';
import { evaluate } from './evaluate.ts';
import type { Protocol } from './protocol.ts';
import { askedAt } from './query-time.ts';

beforeAll(async () => {
  await useBackend('auto');
});

/** Every third item is a candidate, of 20. */
const mask = Uint8Array.from({ length: 21 }, (_, item) => Number(item > 0 && item % 3 === 0));
const candidates = [...mask.keys()].filter((item) => mask[item] === 1);

/** Examples whose targets are candidates; of every `without` one has no history. */
function world(without: number): ExampleSet {
  const all = latestWindow(tinySplit({ users: 60, items: 20, length: 7 }).test, { maxLength: 4 });
  const kept = Int32Array.from(all.targets.keys()).filter((e) => mask[all.interactions.itemIds[all.targets[e]]] === 1);
  const taken = takeExamples(all, kept);
  return { ...taken, starts: taken.starts.map((start, e) => (e % without === 1 ? taken.targets[e] : start)) };
}

/** HR@k by plain loops: the scores of each query, one a batch, and the candidates that are left. */
async function plainHitRate(model: TokenEncoder, protocol: Protocol, k: number): Promise<number> {
  const { examples, excludeSeen, queryTime, candidates: lastOf } = protocol;
  const { itemIds, numItems, userOffsets } = examples.interactions;
  const items = (await model.itemVectors().array()) as number[][];
  let hits = 0;
  for (const [e, event] of examples.targets.entries()) {
    if (examples.starts[e] === event) continue;
    const batch = uploadBatch(askedAt(makeBatch(examples, [e], model.columns), queryTime ?? 'target'));
    const [query] = (await encodeLast(model, batch).array()) as number[][];
    batch.dispose();
    const from = excludeSeen === 'all' ? userOffsets[examples.users[e]] : examples.starts[e];
    const seen = new Set(excludeSeen === false ? [] : itemIds.slice(from, event));
    const score = (item: number): number => items[item].reduce((sum, value, d) => sum + value * query[d], 0);
    const own = score(itemIds[event]);
    let rank = 1;
    for (let item = 1; item <= (lastOf?.(e) ?? numItems); item++) {
      if (item !== itemIds[event] && mask[item] === 1 && !seen.has(item) && score(item) > own) rank++;
    }
    if (rank <= k) hits++;
  }
  return hits / examples.targets.length;
}

describe('metricsAmong', () => {
  const model = createModel(tinyConfigs.hstu, { numItems: 20, seed: 3 });

  it('ranks among the candidates under the rules of the protocol, as plain loops do', async () => {
    const drawn = fc.record({
      excludeSeen: fc.constantFrom<boolean | 'all'>(true, false, 'all'),
      opens: fc.boolean(),
      without: fc.integer({ min: 2, max: 7 }),
    });
    await fc.assert(
      fc.asyncProperty(drawn, async ({ opens, without, excludeSeen }) => {
        const examples = world(without);
        const target = (e: number): number => examples.interactions.itemIds[examples.targets[e]];
        const protocol: Protocol = {
          ...{ excludeSeen, examples, ks: [2] },
          ...(opens && { candidates: (e: number) => Math.max(target(e), 12) }),
        };
        const { 'HR@2': hitRate } = await metricsAmong({ model, ...protocol, batchSize: 4 }, mask);
        expect(hitRate).toBeCloseTo(await plainHitRate(model, protocol, 2), 12);
      }),
      { numRuns: 20 },
    );
  });

  it('refuses a cut-off beyond the candidates, where a hit is certain', async () => {
    const ks = [candidates.length + 1];
    await expect(metricsAmong({ model, examples: world(4), ks }, mask)).rejects.toThrow(
      `in 1..${candidates.length}, the number of candidates; got ${ks[0]}`,
    );
  });

  it('is evaluate when all items are candidates', async () => {
    const options = { model, examples: world(4), ks: [3] };
    expect(await metricsAmong(options, new Uint8Array(21).fill(1))).toEqual((await evaluate(options)).metrics);
  });

  it('counts ties of candidates under the rule; the other items take no part', async () => {
    const examples = world(4);
    const higher = knownModel(
      Array.from(mask, (candidate) => [candidate === 1 ? 1 : 5, 0]),
      ({ host }) => Array.from(host.itemIds, () => [1, 0]),
    );
    const rules = { model: higher, examples, ks: [2], excludeSeen: false } as const;
    const withHistory = examples.targets.filter((event, e) => examples.starts[e] < event);
    const share = withHistory.length / examples.targets.length;
    expect(share).toBeLessThan(1);
    expect((await metricsAmong(rules, mask))['HR@2']).toBeCloseTo((2 / candidates.length) * share, 12);
    expect((await metricsAmong({ ...rules, ties: 'optimistic' }, mask))['HR@2']).toBeCloseTo(share, 12);
  });

  it('asks at the time that the protocol says', async () => {
    const examples = world(4);
    // Asked at the time of the last event the best candidate is the item of the highest number, else of the lowest.
    const reading = knownModel(
      Array.from(mask, (_, item) => [item, 0]),
      ({ host }) => Array.from(host.itemIds, (_, t) => [host.targetTimestamps[t] === host.timestamps[t] ? 1 : -1, 0]),
    );
    const hitRate = async (queryTime: 'last' | 'target'): Promise<number> =>
      (await metricsAmong({ model: reading, examples, ks: [1], excludeSeen: false, queryTime }, mask))['HR@1'];
    const { itemIds } = examples.interactions;
    const [lowest, highest] = [candidates[0], candidates[candidates.length - 1]].map((item) => {
      const hits = examples.targets.filter((event, e) => examples.starts[e] < event && itemIds[event] === item);
      return hits.length / examples.targets.length;
    });
    expect(lowest).not.toBe(highest);
    expect(await hitRate('last')).toBeCloseTo(highest, 12);
    expect(await hitRate('target')).toBeCloseTo(lowest, 12);
  });

  it('refuses a target that is no candidate', async () => {
    const examples = world(4);
    const item = examples.interactions.itemIds[examples.targets[0]];
    await expect(metricsAmong({ model, examples, ks: [2] }, mask.with(item, 0))).rejects.toThrow(
      `metricsAmong: expected targets among the candidates; got item ${item}; take the examples with such targets (takeExamples)`,
    );
  });
});
