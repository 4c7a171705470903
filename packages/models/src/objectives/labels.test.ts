import { makeBatch, type SequenceBatch } from '@seqrec/data';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tinyTrain } from '../test-support/tiny.ts';
import type { LabelsConfig } from './config.ts';
import { cutBatch } from './cuts.ts';
import { pairWeights, samplePairs } from './labels.ts';
import { parseObjectiveConfig } from './registry.ts';

const DAY = 86_400;
const run = (step: number) => ({ training: true, step, seed: 3 });

/** Sequences of events with ratings; times never fall and often repeat. */
const batches: fc.Arbitrary<SequenceBatch> = fc
  .array(
    fc.array(
      fc.record({ gap: fc.constantFrom(0, 0, 1, DAY, 10 * DAY, 40 * DAY), rating: fc.integer({ min: 1, max: 5 }) }),
      {
        minLength: 1,
        maxLength: 8,
      },
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((sequences) => {
    const columns = {
      offsets: [0],
      users: [] as number[],
      times: [] as number[],
      next: [] as number[],
      ratings: [] as number[],
    };
    const [itemIds, targets]: number[][] = [[], []];
    let item = 1;
    for (const [user, events] of sequences.entries()) {
      let now = 1e9;
      columns.users.push(user);
      for (const { gap, rating } of events) {
        columns.times.push(now);
        now += gap;
        columns.next.push(now);
        itemIds.push(item);
        targets.push(++item);
        columns.ratings.push(rating);
      }
      item++;
      columns.offsets.push(itemIds.length);
    }
    const targetRatings = Float32Array.from(columns.ratings);
    return {
      users: Int32Array.from(columns.users),
      offsets: Int32Array.from(columns.offsets),
      itemIds: Int32Array.from(itemIds),
      timestamps: Float64Array.from(columns.times),
      targets: Int32Array.from(targets),
      targetTimestamps: Float64Array.from(columns.next),
      ratings: targetRatings,
      targetRatings,
    };
  });

/** Event of a label: items are distinct, so its position follows from the item. */
const eventOf = (batch: SequenceBatch, item: number): number => batch.targets.indexOf(item);

describe('dense all-action labels', () => {
  it('lie in the window of their own position, are positives of the same user, one a position, at most maxLabels', () => {
    fc.assert(
      fc.property(batches, fc.nat(50), fc.integer({ min: 1, max: 4 }), (batch, step, maxLabels) => {
        const config = { kind: 'dense-all-action', cut: 'last', windowDays: 28, maxLabels, minRating: 3 } as const;
        const { rows, positives, sequences } = samplePairs(batch, config, run(step));
        expect(new Set(rows).size).toBe(rows.length);
        for (const [p, row] of rows.entries()) {
          const event = eventOf(batch, positives[p]);
          expect(batch.targetTimestamps[event]).toBeGreaterThan(batch.timestamps[row]);
          expect(batch.targetTimestamps[event]).toBeLessThanOrEqual(batch.timestamps[row] + 28 * DAY);
          expect(batch.targetRatings![event]).toBeGreaterThanOrEqual(3);
          for (const at of [row, event]) {
            expect(at).toBeGreaterThanOrEqual(batch.offsets[sequences[p]]);
            expect(at).toBeLessThan(batch.offsets[sequences[p] + 1]);
          }
        }
        for (let b = 0; b + 1 < batch.offsets.length; b++) {
          const eligible = Array.from(
            { length: batch.offsets[b + 1] - batch.offsets[b] },
            (_, i) => batch.offsets[b] + i,
          ).filter((t) =>
            Array.from(batch.targets.keys()).some(
              (j) =>
                j >= t &&
                j < batch.offsets[b + 1] &&
                batch.targetRatings![j] >= 3 &&
                batch.targetTimestamps[j] > batch.timestamps[t] &&
                batch.targetTimestamps[j] <= batch.timestamps[t] + 28 * DAY,
            ),
          );
          expect(sequences.filter((s) => s === b)).toHaveLength(Math.min(maxLabels, eligible.length));
        }
      }),
    );
  });

  it('reach every position and every label of a window in time', () => {
    const batch = makeBatch(tinyTrain(), [0]);
    const seen = new Set<string>();
    for (let step = 0; step < 400; step++) {
      const pairs = samplePairs(
        batch,
        { kind: 'dense-all-action', cut: 'last', windowDays: 28, maxLabels: 2 },
        run(step),
      );
      for (const [p, row] of pairs.rows.entries()) seen.add(`${row}:${pairs.positives[p]}`);
    }
    const length = batch.itemIds.length;
    expect(seen.size).toBe((length * (length + 1)) / 2);
  });
});

describe('other labels', () => {
  const batch = makeBatch(tinyTrain(), [0, 1]);
  const last = [batch.offsets[1] - 1, batch.offsets[2] - 1];

  it('next-item: every position and its target', () => {
    const { rows, positives } = samplePairs(batch, { kind: 'next-item' }, run(0));
    expect([...rows]).toEqual([...batch.itemIds.keys()]);
    expect(positives).toEqual(batch.targets);
  });

  it('masked: hidden events are the labels, each as often as it should be, drawn anew in every step', () => {
    const labels = { kind: 'masked', probability: 0.3, lastOnly: 0.2 } as const;
    const host = fc.sample(batches, { numRuns: 20, seed: 4 }).find(({ itemIds }) => itemIds.length >= 8)!;
    const counts = new Float64Array(host.itemIds.length);
    const steps = 4000;
    for (let step = 0; step < steps; step++) {
      const { rows, events, positives, hidden } = samplePairs(host, labels, run(step));
      expect([...rows]).toEqual([...events]);
      expect([...positives]).toEqual(Array.from(events, (event) => host.targets[event]));
      expect(Array.from(hidden!.keys()).filter((t) => hidden![t] === 1)).toEqual([...rows]);
      for (const row of rows) counts[row]++;
    }
    for (const [t, count] of counts.entries()) {
      const isLast = host.offsets.includes(t + 1);
      expect(count / steps).toBeCloseTo(0.8 * 0.3 + (isLast ? 0.2 : 0), 1.3);
    }
    expect(samplePairs(host, { ...labels, probability: 1 }, run(1)).rows.length).toBeGreaterThan(0);
    expect(samplePairs(host, { kind: 'masked', probability: 1, lastOnly: 0 }, run(1)).rows).toHaveLength(counts.length);
  });

  it('sasrec: the newest position weighs as much as all others of its sequence', () => {
    const pairs = samplePairs(batch, { kind: 'sasrec', cut: 'last' }, run(0));
    for (const b of [0, 1]) {
      const own = [...pairs.rows.keys()].filter((p) => pairs.sequences[p] === b);
      const newest = own.filter((p) => pairs.rows[p] === last[b]).map((p) => pairs.weights[p]);
      const others = own.filter((p) => pairs.rows[p] !== last[b]).map((p) => pairs.weights[p]);
      expect(newest).toEqual([others.reduce((sum, weight) => sum + weight, 0)]);
    }
  });

  it('sasrec skips to the next positive', () => {
    const targetRatings = new Float32Array(batch.itemIds.length).fill(1);
    targetRatings[last[0]] = 5;
    const pairs = samplePairs({ ...batch, targetRatings }, { kind: 'sasrec', cut: 'last', minRating: 4 }, run(0));
    expect(new Set(pairs.positives)).toEqual(new Set([batch.targets[last[0]]]));
    expect([...pairs.rows]).toEqual(Array.from({ length: last[0] + 1 }, (_, i) => i));
  });

  it('next-action: the newest position, or a random one, and the event after it', () => {
    const newest = samplePairs(batch, { kind: 'next-action', cut: 'last' }, run(0));
    expect([...newest.rows]).toEqual(last);
    expect([...newest.positives]).toEqual(last.map((t) => batch.targets[t]));
    const seen = new Set<number>();
    for (let step = 0; step < 100; step++) {
      const random = samplePairs(batch, { kind: 'next-action', cut: 'random' }, run(step));
      expect(random.rows).toHaveLength(2);
      for (const [p, row] of random.rows.entries()) {
        expect(random.positives[p]).toBe(batch.targets[row]);
        seen.add(row);
      }
    }
    expect(seen.size).toBe(batch.itemIds.length);
  });

  it('all-action: one position a sequence, several labels of its future', () => {
    const pairs = samplePairs(batch, { kind: 'all-action', cut: 'random', windowDays: 28, maxLabels: 3 }, run(5));
    for (const b of [0, 1]) {
      const own = [...pairs.rows.keys()].filter((p) => pairs.sequences[p] === b);
      expect(new Set(own.map((p) => pairs.rows[p])).size).toBe(1);
      expect(own.length).toBeLessThanOrEqual(3);
      expect(new Set(own.map((p) => pairs.positives[p])).size).toBe(own.length);
      for (const p of own) expect(eventOf(batch, pairs.positives[p])).toBeGreaterThanOrEqual(pairs.rows[p]);
    }
  });

  it('a least rating needs ratings', () => {
    const { targetRatings: _, ...unrated } = batch;
    expect(() => samplePairs(unrated, { kind: 'next-item', minRating: 4 }, run(0))).toThrow(
      /labels\.minRating: expected data with ratings; got data without/,
    );
  });
});

describe('random cuts', () => {
  const kinds = ['sasrec', 'next-action', 'all-action', 'dense-all-action'] as const;

  it('end each history at the newest position that has a pair; labels may come after', () => {
    fc.assert(
      fc.property(batches, fc.nat(50), fc.constantFrom(...kinds), (batch, step, kind) => {
        const window = kind.endsWith('all-action') ? { windowDays: 28, maxLabels: 99 } : {};
        const config = { kind, cut: 'random', ...window } as LabelsConfig;
        const { rows, sequences, cuts } = samplePairs(batch, config, run(step));
        for (let b = 0; b + 1 < batch.offsets.length; b++) {
          const own = [...rows].filter((_, p) => sequences[p] === b);
          expect(cuts![b]).toBe(own.length === 0 ? batch.offsets[b] : Math.max(...own));
        }
      }),
    );
  });

  it('reach every position that has a label', () => {
    const batch = makeBatch(tinyTrain(), [0, 1]);
    for (const kind of kinds) {
      const window = kind.endsWith('all-action') ? { windowDays: 28, maxLabels: 2 } : {};
      const seen = new Set<number>();
      for (let step = 0; step < 100; step++) {
        for (const cut of samplePairs(batch, { kind, cut: 'random', ...window } as LabelsConfig, run(step)).cuts!)
          seen.add(cut);
      }
      expect(seen.size).toBe(batch.itemIds.length);
    }
  });

  it('sasrec: the newest position of the cut weighs as much as all others', () => {
    const batch = makeBatch(tinyTrain(), [0]);
    for (let step = 0; step < 20; step++) {
      const { rows, weights, cuts } = samplePairs(batch, { kind: 'sasrec', cut: 'random' }, run(step));
      expect(rows).toHaveLength(cuts![0] + 1);
      expect(weights.at(-1)).toBe(Math.max(1, rows.length - 1));
    }
  });

  it('a cut batch is the batch of the shorter histories', () => {
    fc.assert(
      fc.property(batches, fc.array(fc.nat(7), { minLength: 4, maxLength: 4 }), (batch, choice) => {
        const lengths = Array.from(batch.users, (_, b) => batch.offsets[b + 1] - batch.offsets[b]);
        const cuts = Int32Array.from(lengths, (length, b) => batch.offsets[b] + (choice[b] % length));
        const { batch: cut, shifts } = cutBatch(batch, cuts);
        for (const [b, end] of cuts.entries()) {
          const [from, to] = [cut.offsets[b], cut.offsets[b + 1]];
          for (const name of ['itemIds', 'timestamps', 'targets', 'targetTimestamps', 'ratings'] as const)
            expect([...cut[name]!.slice(from, to)]).toEqual([...batch[name]!.slice(batch.offsets[b], end + 1)]);
          expect(from + shifts[b]).toBe(batch.offsets[b]);
        }
      }),
    );
  });
});

it('per-user weights: the same for every user, whatever the number of pairs', () => {
  const pairs = {
    sequences: Int32Array.of(0, 0, 0, 1),
    weights: Float32Array.of(1, 1, 2, 5),
  };
  expect([...pairWeights(pairs, Int32Array.of(7, 8), 'user')]).toEqual([0.25, 0.25, 0.5, 1]);
  // Two sequences of one user are one user.
  expect([...pairWeights(pairs, Int32Array.of(7, 7), 'user')].reduce((a, b) => a + b)).toBeCloseTo(1, 6);
  const token = pairWeights(pairs, Int32Array.of(7, 8), 'token');
  expect(token).toEqual(pairs.weights);
});

describe('configuration', () => {
  it('fills in defaults; kind may be absent', () => {
    expect(parseObjectiveConfig({ numNegatives: 4 })).toEqual({
      actionWeight: 0,
      numNegatives: 4,
      labels: { kind: 'next-item' },
      weighting: 'token',
      temperature: 0.05,
    });
    expect(parseObjectiveConfig({ kind: 'pool-softmax', labels: { kind: 'dense-all-action' } })).toEqual({
      actionWeight: 0,
      kind: 'pool-softmax',
      negatives: { kind: 'mixed', inBatch: 5000, random: 8192 },
      logQ: 'exact',
      labels: { kind: 'dense-all-action', cut: 'last', windowDays: 28, maxLabels: 32 },
      weighting: 'token',
      temperature: 0.05,
    });
  });

  it.each([
    [
      { kind: 'bec' },
      "objective: kind: expected one of 'sampled-softmax', 'pool-softmax', 'full-softmax', 'bce', 'gbce', 'sce'; got \"bec\"; did you mean 'bce'?",
    ],
    [
      { kind: 'bce', negatives: 3 },
      "objective: negatives: expected a known key; got 'negatives'; did you mean 'numNegatives'?",
    ],
    [
      { kind: 'full-softmax', labels: { kind: 'next-item', windowDays: 3 } },
      "objective: labels.windowDays: expected a known key; got 'labels.windowDays'; no such setting there",
    ],
    [{ kind: 'full-softmax', temperature: 0 }, 'objective: temperature: expected number >= 0.001; got 0'],
  ])('%j is refused', (config, message) => {
    expect(() => parseObjectiveConfig(config)).toThrow(message);
  });
});
