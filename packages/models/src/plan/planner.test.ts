import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NETWORKS } from './network.ts';
import type { PlanProblem } from './placement.ts';
import { exhaustivePlacement, greedyPlacement } from './planner.ts';
import { explainPlacement } from './reasons.ts';
import type { StepLoad } from './simulate.ts';
import { zipfIds } from './stand-in.ts';
import { computeSeconds, exchangeCost, imbalance } from './step-time.ts';
import type { PlannedTable } from './table-bytes.ts';
import { rowRequests, type TableLoad, tableTraffic } from './traffic.ts';

interface Size {
  readonly rows: number;
  readonly width: number;
  /** Look-ups of a rank. */
  readonly ids: number;
  readonly exponent: number;
}

function tableOf({ rows, width }: Size, t: number, trained: PlannedTable['trained'] = 'rows'): PlannedTable {
  return { name: `t${t}`, rows, width, rule: 'adamw', trained, regularised: false, averaged: false };
}

function loadOf(size: Size, t: number, ranks: number): TableLoad {
  const { rows, ids, exponent } = size;
  const own = Array.from({ length: ranks }, (_, rank) => {
    const drawn = zipfIds({ rows: rows - 1, exponent, seed: t }, rank, ids, 0);
    return Int32Array.from(new Set(drawn));
  });
  return {
    ids: new Int32Array(ranks).fill(ids),
    distinct: Int32Array.from(own, ({ length }) => length),
    distinctOfAll: new Set(own.flatMap((each) => [...each])).size,
    blocks: rowRequests({ kind: 'row-blocks' }, tableOf(size, t), own),
    cyclic: rowRequests({ kind: 'row-cyclic' }, tableOf(size, t), own),
  };
}

function problemOf(sizes: readonly Size[], ranks: number, change: Partial<PlanProblem> = {}): PlanProblem {
  const step: StepLoad = {
    ...{ sequences: new Int32Array(ranks), tokens: new Int32Array(ranks), cost: new Float64Array(ranks) },
    tables: sizes.map((size, t) => loadOf(size, t, ranks)),
  };
  return {
    tables: sizes.map((size, t) => tableOf(size, t)),
    dense: { numbers: 1000, variables: 5 },
    ...{ denseBytes: 16_000, ranks, network: NETWORKS['10GbE'], steps: [step] },
    ...change,
  };
}

const size = fc.record({
  rows: fc.integer({ min: 2, max: 3000 }),
  width: fc.integer({ min: 1, max: 40 }),
  ids: fc.integer({ min: 0, max: 400 }),
  exponent: fc.constantFrom(0, 0.8, 1.2),
});
const problem = fc
  .tuple(
    fc.array(size, { minLength: 1, maxLength: 3 }),
    fc.integer({ min: 1, max: 3 }),
    fc.constantFrom(1e-6, 3e-5),
    fc.constantFrom(undefined, 0.4, 0.7, 1),
  )
  .map(([sizes, ranks, latency, room]) => {
    const network = { ...NETWORKS['10GbE'], latency };
    const all = 12 * sizes.reduce((sum, { rows, width }) => sum + rows * (width + 1), 0);
    const memory = room === undefined ? undefined : 16_000 + room * all + 40_000;
    return problemOf(sizes, ranks, { network, ...(memory !== undefined && { memory }) });
  });

function secondsOrMessage(plan: () => { readonly seconds: number }): number | string {
  try {
    return plan().seconds;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Of 1,400 random cases 1,300 are the best placement itself, and the worst is 1.09 times as dear. */
const BOUND = 1.15;

describe('the planner', () => {
  it('is at most 15 % dearer than the best of all placements, and keeps to the memory', () => {
    fc.assert(
      fc.property(problem, (given) => {
        const greedy = secondsOrMessage(() => greedyPlacement(given));
        const best = secondsOrMessage(() => exhaustivePlacement(given));
        if (typeof greedy === 'string') {
          // It refuses what does not fit cut by rows, where whole tables on ranks of their own still might.
          expect(greedy).toContain('plan: expected tables that fit into');
          return;
        }
        expect(typeof best).toBe('number');
        expect(greedy).toBeGreaterThanOrEqual((best as number) - 1e-15);
        expect(greedy).toBeLessThanOrEqual(BOUND * (best as number) + 1e-15);
        const { bytes } = greedyPlacement(given);
        if (given.memory !== undefined) expect(bytes).toBeLessThanOrEqual(given.memory);
      }),
      { numRuns: 200 },
    );
  });

  const large: Size = { rows: 100_000, width: 16, ids: 500, exponent: 0 };
  const small: Size = { rows: 20, width: 4, ids: 500, exponent: 1 };

  it('cuts a large table by cyclic rows, and adds a small one to the sum of gradients', () => {
    const dense = (each: Size): PlanProblem => ({ ...problemOf([each], 4), tables: [tableOf(each, 0, 'dense')] });
    expect(greedyPlacement(dense(large)).partitions).toEqual([{ kind: 'row-cyclic' }]);
    expect(greedyPlacement(dense(small)).partitions).toEqual([{ kind: 'replicated' }]);
    // Unless there is no room for all of it.
    const narrow = { ...dense({ ...small, rows: 4000 }), memory: 250_000 };
    expect(greedyPlacement({ ...narrow, memory: undefined }).partitions).toEqual([{ kind: 'replicated' }]);
    expect(greedyPlacement(narrow).partitions[0].kind).not.toBe('replicated');
  });

  it('says what else there was: seconds, bytes, imbalance, memory', () => {
    const given = problemOf([{ ...large, exponent: 1.1 }, small], 4, { memory: 5_000_000 });
    const placement = greedyPlacement(given);
    const [first, second] = explainPlacement(given, placement);
    expect(first.others).toHaveLength(4);
    expect(first.others.map(({ seconds }) => seconds)).toEqual(
      first.others.map(({ seconds }) => seconds).toSorted((a, b) => a - b),
    );
    const whole = first.others.find(({ partition }) => partition.kind === 'replicated');
    expect(whole).toMatchObject({ fits: false, memory: 100_000 * (64 + 72) });
    const blocks = first.others.find(({ partition }) => partition.kind === 'row-blocks');
    expect(blocks!.imbalance).toBeGreaterThan(2);
    for (const { chosen, others } of [first, second])
      for (const other of others) if (other.fits) expect(other.seconds).toBeGreaterThanOrEqual(chosen.seconds);
  });

  it('refuses tables that fit on no number of such ranks, and names the largest', () => {
    const given = problemOf([large, small], 2, { memory: 1_000_000 });
    expect(() => greedyPlacement(given)).toThrow(
      /^plan: expected tables that fit into 1000000 bytes of each of 2 ranks; got \d+ bytes on one of them even with every table cut by rows: dense weights 16000, t0 \d+, t1 \d+; raise the memory or take more ranks$/,
    );
    const many = problemOf(new Array(7).fill(small), 2);
    expect(() => exhaustivePlacement(many)).toThrow(
      'plan: expected at most 6 tables for an exhaustive search; got 7; take greedyPlacement',
    );
  });
});

describe('the time of a step', () => {
  const ranks = 4;
  const table = tableOf({ rows: 500, width: 8, ids: 0, exponent: 0 }, 0);
  const load = loadOf({ rows: 500, width: 8, ids: 60, exponent: 0.9 }, 0, ranks);
  const dense = { numbers: 1000, variables: 5 };
  const network = NETWORKS['10GbE'];

  it('is alpha and bytes over beta of each collective, the two halves of a sum apart', () => {
    const traffic = tableTraffic(table, { kind: 'row-cyclic' }, load);
    const cost = exchangeCost([traffic], dense, ranks, network);
    const most = (name: 'ids' | 'rows' | 'gradients'): number =>
      Math.max(...traffic[name].sent, ...traffic[name].received);
    expect(cost.rows.seconds).toBeCloseTo(50e-6 + most('rows') / 1.25e9, 12);
    expect(cost.sums).toEqual({ bytes: 0, seconds: 0 });
    expect(cost.counts.bytes).toBe(4 * 3);
    expect(cost.sum.bytes).toBe((2 * 3 * 4 * 1000) / 4);
    expect(cost.sum.seconds).toBeCloseTo(2 * (50e-6 + (3 * 4 * 1000) / 4 / 1.25e9), 12);
    expect(cost.losses.bytes).toBe(8 * (1 + 2 + 5) * 3);
    const parts = [cost.counts, cost.ids, cost.rows, cost.gradients, cost.sum, cost.losses];
    expect(cost.seconds).toBeCloseTo(
      parts.reduce((sum, { seconds }) => sum + seconds, 0),
      12,
    );
    const sum = (values: Float64Array): number => values.reduce((total, bytes) => total + bytes, 0);
    expect(sum(cost.sent)).toBe(sum(cost.received));
  });

  it('of one rank has no exchange', () => {
    const alone = loadOf({ rows: 500, width: 8, ids: 60, exponent: 0.9 }, 0, 1);
    for (const kind of ['replicated', 'row-cyclic', 'row-blocks', 'columns'] as const) {
      const cost = exchangeCost([tableTraffic(table, { kind }, alone)], dense, 1, network);
      expect([cost.seconds, ...cost.sent, ...cost.received]).toEqual([0, 0, 0]);
    }
  });

  it('falls with bandwidth, rises with latency, rows and width', () => {
    const seconds = (width: number, ids: number, change = {}): number => {
      const given = { rows: 500, width, ids, exponent: 0.9 };
      const traffic = tableTraffic(tableOf(given, 0), { kind: 'row-cyclic' }, loadOf(given, 0, ranks));
      return exchangeCost([traffic], dense, ranks, { ...network, ...change }).seconds;
    };
    const base = seconds(8, 60);
    expect(seconds(8, 60, { bandwidth: 2.5e9 })).toBeLessThan(base);
    expect(seconds(8, 60, { latency: 1e-4 })).toBeGreaterThan(base);
    expect(seconds(16, 60)).toBeGreaterThan(base);
    expect(seconds(8, 90)).toBeGreaterThan(base);
  });

  it('of ranks that share cores is in turns', () => {
    const cost = Float64Array.of(10, 20, 0, 30);
    expect([...computeSeconds({ fixed: 1, perCost: 2 }, cost)]).toEqual([21, 41, 1, 61]);
    expect([...computeSeconds({ fixed: 1, perCost: 2, atOnce: 2 }, cost)]).toEqual([42, 82, 2, 122]);
    expect([...computeSeconds({ fixed: 1, perCost: 2, atOnce: 8 }, cost)]).toEqual([21, 41, 1, 61]);
    expect(imbalance(cost)).toBe(2);
    expect(imbalance([0, 0])).toBe(1);
  });
});
