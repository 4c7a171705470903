import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Budget } from './budget.ts';
import { budgetOption } from './budget.ts';
import { type HalvingRequest, runHalving, type Segment, type Trained } from './halving.ts';
import { plannedCost, planRungs, planWithin } from './plan.ts';
import { bestTrial, trialRows } from './result.ts';

describe('a plan', () => {
  it.each([
    [{ trials: 16, eta: 3, epochs: 81, every: 1 }, '16@9 5@27 1@81'],
    [{ trials: 27, eta: 3, epochs: 27, every: 1 }, '27@1 9@3 3@9 1@27'],
    [{ trials: 16, eta: 4, epochs: 100, every: 1 }, '16@6 4@25 1@100'],
    // Only whole evaluations, and the last epoch.
    [{ trials: 9, eta: 3, epochs: 20, every: 2 }, '9@2 3@6 1@20'],
    [{ trials: 9, eta: 3, epochs: 9, every: 5 }, '9@9'],
    [{ trials: 16, eta: 3, epochs: 2, every: 1 }, '16@2'],
    [{ trials: 2, eta: 3, epochs: 10, every: 1 }, '2@10'],
    [{ trials: 1, eta: 2, epochs: 10, every: 1 }, '1@10'],
  ])('%o', (request, expected) => {
    expect(
      planRungs(request)
        .map(({ trials, epochs }) => `${trials}@${epochs}`)
        .join(' '),
    ).toBe(expected);
  });

  it('falls in trials, rises in epochs to the last, and ends rungs with evaluations', () => {
    const requests = fc.record({
      trials: fc.integer({ min: 1, max: 100 }),
      eta: fc.integer({ min: 2, max: 5 }),
      epochs: fc.integer({ min: 1, max: 300 }),
      every: fc.integer({ min: 1, max: 7 }),
    });
    fc.assert(
      fc.property(requests, fc.integer({ min: 1, max: 3000 }), (request, affordable) => {
        const rungs = planRungs(request);
        expect(rungs[0].trials).toBe(request.trials);
        expect(rungs.at(-1)?.epochs).toBe(request.epochs);
        for (const [k, rung] of rungs.entries()) {
          expect(rung.epochs % request.every === 0 || rung.epochs === request.epochs).toBe(true);
          if (k === 0) continue;
          expect(rung.epochs).toBeGreaterThan(rungs[k - 1].epochs);
          expect(rung.trials).toBeLessThanOrEqual(Math.floor(rungs[k - 1].trials / request.eta) || 1);
        }
        const within = planWithin(request, affordable);
        const least = request.trials * Math.min(request.every, request.epochs);
        if (affordable >= least) expect(plannedCost(within)).toBeLessThanOrEqual(affordable);
        if (affordable >= plannedCost(rungs)) expect(within).toEqual(rungs);
      }),
      { numRuns: 200 },
    );
  });
});

/** Trial `i` has `quality[i] (1 - 2^-epochs)`; it fails or ends where it is told to. */
class FakeTrainer {
  readonly calls: string[] = [];
  readonly journal: Segment[];
  readonly #epochs = new Map<number, number>();
  readonly quality: readonly number[];
  readonly options: {
    readonly failAt?: Readonly<Record<number, number>>;
    readonly endAt?: Readonly<Record<number, number>>;
    readonly secondsAnEpoch?: readonly number[];
    readonly dieAfter?: number;
  };

  constructor(quality: readonly number[], options: FakeTrainer['options'] = {}, journal: Segment[] = []) {
    this.quality = quality;
    this.options = options;
    this.journal = journal;
    for (const { trial, epochs } of journal) this.#epochs.set(trial, epochs);
  }

  saved(): void {}

  async train(trial: number, target: number, isSpent: (seconds: number) => boolean): Promise<Trained> {
    if (this.calls.length === this.options.dieAfter) throw new Error('killed');
    this.calls.push(`${trial}@${target}`);
    const { failAt = {}, endAt = {}, secondsAnEpoch = [] } = this.options;
    let epochs = this.#epochs.get(trial) ?? 0;
    let seconds = 0;
    while (epochs < Math.min(target, endAt[trial] ?? target)) {
      epochs++;
      seconds += secondsAnEpoch[trial] ?? 1;
      if (epochs === failAt[trial]) return { epochs, seconds, ended: false, failed: 'not finite' };
      if (isSpent(seconds)) break;
    }
    this.#epochs.set(trial, epochs);
    const value = this.quality[trial] * (1 - 2 ** -epochs);
    return { epochs, value, bestEpoch: epochs, seconds, ended: epochs === endAt[trial] };
  }
}

/** Every epoch costs as much. */
const each = (cost: number) => (epochs: number) => cost * epochs;

const request = (n: number, more: Partial<HalvingRequest> = {}): HalvingRequest => ({
  flops: Array(n).fill(each(100)),
  refused: new Set(),
  eta: 3,
  epochs: 9,
  every: 1,
  ...more,
});

const flops = (most: number): Budget => ({ unit: 'flops', most });

describe('successive halving', () => {
  it('the best third goes on from each rung, from where it was', async () => {
    const trainer = new FakeTrainer([0.1, 0.5, 0.3, 0.9, 0.2, 0.4, 0.8, 0.6, 0.7]);
    const { rungs, spent } = await runHalving(request(9), trainer);
    expect(rungs).toEqual([
      { epochs: 1, trials: 9 },
      { epochs: 3, trials: 3 },
      { epochs: 9, trials: 1 },
    ]);
    expect(trainer.calls.slice(0, 9)).toEqual(Array.from({ length: 9 }, (_, i) => `${i}@1`));
    expect(trainer.calls.slice(9)).toEqual(['3@3', '6@3', '8@3', '3@9']);
    // 9 epochs, 3 x 2, 6.
    expect(spent).toBe(21 * 100);
    expect(bestTrial(trainer.journal)?.trial).toBe(3);
  });

  it('a failed trial is passed over with its reason, and what it cost counts', async () => {
    const trainer = new FakeTrainer([0.1, 0.5, 0.3, 0.9, 0.2, 0.4, 0.8, 0.6, 0.7], { failAt: { 3: 1, 6: 3 } });
    const { rungs, spent } = await runHalving(request(9), trainer);
    expect(trainer.calls.slice(9)).toEqual(['6@3', '7@3', '8@3', '8@9']);
    expect(bestTrial(trainer.journal)?.trial).toBe(8);
    expect(spent).toBe(21 * 100);
    const rows = trialRows(Array(9).fill({}), { journal: trainer.journal, rungs, refused: new Map(), flops: [] });
    expect(rows.map(({ state }) => state)).toEqual([
      ...['rung 1', 'rung 1', 'rung 1', 'failed: not finite', 'rung 1', 'rung 1'],
      ...['failed: not finite', 'rung 2', 'best, rung 3'],
    ]);
  });

  it('one that its patience ended keeps its value and costs nothing more; refused ones are not trained', async () => {
    const trainer = new FakeTrainer([0.1, 0.5, 0.3, 5, 0.2, 0.4, 0.8, 0.6, 0.7], { endAt: { 3: 1 } });
    const { spent } = await runHalving(request(9, { refused: new Set([6]) }), trainer);
    // Eight trials, so two rungs: 8 to epoch 3, of which one ends at 1, and 2 to epoch 9, of which one has ended.
    expect(trainer.calls.slice(8)).toEqual(['8@9']);
    expect(spent).toBe((7 * 3 + 1 + 6) * 100);
    expect(bestTrial(trainer.journal)?.trial).toBe(3);
  });

  it('a budget of operations plans shorter trainings, and is never passed', async () => {
    const quality = [0.1, 0.5, 0.3, 0.9, 0.2, 0.4, 0.8, 0.6, 0.7];
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 50, max: 4000 }),
        fc.array(fc.integer({ min: 20, max: 200 }), { minLength: 9, maxLength: 9 }),
        async (most, costs) => {
          const trainer = new FakeTrainer(quality);
          const asked = request(9, { flops: costs.map(each), budget: flops(most) });
          const { spent } = await runHalving(asked, trainer);
          expect(spent).toBeLessThanOrEqual(most);
          const epochs = new Map(trainer.journal.map((segment) => [segment.trial, segment.epochs]));
          expect(spent).toBe([...epochs].reduce((sum, [trial, own]) => sum + own * costs[trial], 0));
        },
      ),
      { numRuns: 100 },
    );
    const trainer = new FakeTrainer(quality);
    expect((await runHalving(request(9, { budget: flops(1600) }), trainer)).rungs).toEqual([
      { epochs: 1, trials: 9 },
      { epochs: 3, trials: 3 },
    ]);
  });

  it('of epochs that differ each pays for its own, and one that a trial fails in for all of it', async () => {
    // The first epochs cost ten times as much, or the last ones.
    const early = (epochs: number): number => 1000 * Math.min(epochs, 3) + 100 * Math.max(0, epochs - 3);
    const late = (epochs: number): number => 100 * Math.min(epochs, 6) + 1000 * Math.max(0, epochs - 6);
    for (const flopsOf of [early, late])
      for (const most of [2500, 5000, 9000]) {
        const trainer = new FakeTrainer([0.1, 0.5, 0.3, 0.9]);
        const asked = request(4, { flops: Array(4).fill(flopsOf), budget: flops(most) });
        const { spent, rungs } = await runHalving(asked, trainer);
        expect(spent).toBeLessThanOrEqual(most);
        const rows = trialRows(Array(4).fill({}), { ...asked, journal: trainer.journal, rungs, refused: new Map() });
        expect(rows.reduce((sum, row) => sum + row.flops!, 0)).toBe(spent);
        expect(spent).toBe(rows.reduce((sum, { epochs }) => sum + flopsOf(epochs), 0));
      }
    // By the mean of all epochs three would have been planned.
    const scheduled = request(4, { flops: Array(4).fill(late), budget: flops(2400) });
    expect((await runHalving(scheduled, new FakeTrainer([0.1, 0.5, 0.3, 0.9]))).rungs.at(-1)).toEqual({
      epochs: 7,
      trials: 1,
    });
    const trainer = new FakeTrainer([0.1, 0.5]);
    trainer.train = async () => ({ epochs: 0, begun: 1, seconds: 0, ended: false, failed: 'not finite' });
    expect((await runHalving(request(2), trainer)).spent).toBe(200);
  });

  it('what failures leave of a budget trains the best on, in further rungs', async () => {
    const quality = Array.from({ length: 12 }, (_, i) => (i + 1) / 12);
    const failAt = Object.fromEntries([0, 1, 2, 3].map((i) => [i, 1]));
    const trainer = new FakeTrainer(quality, { failAt });
    // Twelve epochs and a few more: one rung is planned, and 5 epochs are left.
    const budget = flops(1700);
    const { rungs, spent } = await runHalving(request(12, { eta: 2, budget }), trainer);
    expect(rungs).toEqual([
      { epochs: 1, trials: 12 },
      { epochs: 2, trials: 4 },
    ]);
    expect(trainer.calls.slice(12)).toEqual(['8@2', '9@2', '10@2', '11@2']);
    expect(spent).toBe(1600);

    // The epochs that follow are cheap, whatever later ones cost.
    const late = (epochs: number): number => 100 * Math.min(epochs, 10) + 1000 * Math.max(0, epochs - 10);
    const mixed = request(12, { eta: 2, epochs: 20, budget, flops: Array(12).fill(late) });
    expect(await runHalving(mixed, new FakeTrainer(quality, { failAt }))).toEqual({ rungs, spent });
  });

  it('a budget that no plan fits trains as many trials as it has room for', async () => {
    const trainer = new FakeTrainer([0.1, 0.5, 0.3]);
    const { rungs, spent } = await runHalving(request(3, { budget: flops(250) }), trainer);
    expect(trainer.calls).toEqual(['0@1', '1@1']);
    expect(spent).toBe(200);
    const rows = trialRows([{}, {}, {}], { journal: trainer.journal, rungs, refused: new Map(), flops: [] });
    expect(rows.map(({ state }) => state)).toEqual(['rung 1', 'best, rung 1', 'not begun, the budget was spent']);
  });

  it('a budget in time measures an evaluation of each, plans by that, and stops when it is spent', async () => {
    const budget: Budget = { unit: 'seconds', most: 14 };
    const trainer = new FakeTrainer([0.1, 0.5, 0.3, 0.9, 0.2, 0.4], { secondsAnEpoch: Array(6).fill(2) });
    const { rungs, spent } = await runHalving(request(6, { budget }), trainer);
    expect(rungs).toEqual([{ epochs: 1, trials: 6 }]);
    expect(trainer.calls).toEqual(Array.from({ length: 6 }, (_, i) => `${i}@1`));
    expect(spent).toBe(12);

    const longer = new FakeTrainer([0.1, 0.5, 0.3, 0.9, 0.2, 0.4], { secondsAnEpoch: Array(6).fill(2) });
    const more = await runHalving(request(6, { budget: { ...budget, most: 40 } }), longer);
    // 40 / 2 epochs: 6 times 2, 2 times 4 more.
    expect(more.rungs).toEqual([
      { epochs: 2, trials: 6 },
      { epochs: 6, trials: 2 },
    ]);
    expect(more.spent).toBe(40);
  });

  it('ended at any moment it goes on to the same journal', async () => {
    const quality = [0.1, 0.5, 0.3, 0.9, 0.2, 0.4, 0.8, 0.6, 0.7];
    const options = { failAt: { 4: 1 }, endAt: { 6: 2 } };
    const whole = new FakeTrainer(quality, options);
    const asked = request(9, { flops: [1, 2, 3, 4, 5, 6, 7, 8, 9].map((c) => each(c * 10)), budget: flops(900) });
    const outcome = await runHalving(asked, whole);
    for (let dieAfter = 0; dieAfter < whole.calls.length; dieAfter++) {
      const journal: Segment[] = [];
      await expect(runHalving(asked, new FakeTrainer(quality, { ...options, dieAfter }, journal))).rejects.toThrow();
      const again = new FakeTrainer(quality, options, journal);
      expect(await runHalving(asked, again)).toEqual(outcome);
      expect(again.journal).toEqual(whole.journal);
      expect(again.calls).toHaveLength(whole.calls.length - dieAfter);
    }
  });
});

it.each([
  ['20m', { unit: 'seconds', most: 1200 }],
  ['90s', { unit: 'seconds', most: 90 }],
  ['1e14', { unit: 'flops', most: 1e14 }],
  [3e12, { unit: 'flops', most: 3e12 }],
  [undefined, undefined],
])('a budget of %s', (text, budget) => {
  expect(budgetOption('budget', text)).toEqual(budget);
});

it.each(['-1', 'much', '', '1d'])('refuses a budget of %j', (text) => {
  expect(() => budgetOption('budget', text)).toThrow(
    `--budget: expected a time such as 20m or 2h, or floating-point operations such as 1e14; got "${text}"`,
  );
});
