import type { SequenceBatch } from '@seqrec/data';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LabelsConfig } from './config.ts';
import { pairWeights, samplePairs } from './labels.ts';
import { ownLabels } from './own-labels.ts';

const DAY = 86_400;
const T = 1e9;
const run = (step = 0) => ({ training: true, step, seed: 8 });

interface Event {
  readonly day: number;
  readonly rating?: number;
}

/** One sequence a list: its first event is only an input, its last only a label. Item ids count up from 1. */
function batchOf(sequences: readonly (readonly Event[])[]): SequenceBatch {
  const [itemIds, targets, offsets]: number[][] = [[], [], [0]];
  const [timestamps, targetTimestamps, targetRatings]: number[][] = [[], [], []];
  let item = 1;
  for (const events of sequences) {
    for (let j = 0; j + 1 < events.length; j++) {
      itemIds.push(item);
      targets.push(++item);
      timestamps.push(T + events[j].day * DAY);
      targetTimestamps.push(T + events[j + 1].day * DAY);
      targetRatings.push(events[j + 1].rating ?? 5);
    }
    item++;
    offsets.push(itemIds.length);
  }
  return {
    users: Int32Array.from(sequences.keys()),
    offsets: Int32Array.from(offsets),
    itemIds: Int32Array.from(itemIds),
    targets: Int32Array.from(targets),
    timestamps: Float64Array.from(timestamps),
    targetTimestamps: Float64Array.from(targetTimestamps),
    targetRatings: Float32Array.from(targetRatings),
  };
}

const days = (...list: readonly number[]): Event[] => list.map((day) => ({ day }));
const pairs = (batch: SequenceBatch, config: LabelsConfig, step = 0): string[] => {
  const { rows, positives } = samplePairs(batch, config, run(step));
  return Array.from(rows, (row, p) => `${row}>${positives[p]}`);
};
const all = { maxLabels: 99, cut: 'last' } as const;

describe('the window t < t_label <= t + K days', () => {
  it('holds its last moment and nothing after it', () => {
    const batch = batchOf([days(0, 2, 2 + 1e-4)]);
    const window = (windowDays: number) => pairs(batch, { kind: 'dense-all-action', windowDays, ...all });
    // Items 1, 2, 3 at days 0, 2 and a little later.
    expect(window(2)).toEqual(['0>2', '1>3']);
    expect(window(1.9999)).toEqual(['1>3']);
    expect(window(1e-5)).toEqual([]);
  });

  it('does not hold its own moment', () => {
    expect(pairs(batchOf([days(0, 0, 0)]), { kind: 'dense-all-action', windowDays: 28, ...all })).toEqual([]);
    // Position 1 is at the time of position 0: both see the third event alone.
    expect(pairs(batchOf([days(0, 0, 1)]), { kind: 'dense-all-action', windowDays: 28, ...all })).toEqual([
      '0>3',
      '1>3',
    ]);
  });

  it('all-action: the newest position, every positive of its window once', () => {
    // The last position has one event after it.
    expect(pairs(batchOf([days(0, 1, 2, 3)]), { kind: 'all-action', windowDays: 28, ...all })).toEqual(['2>4']);
    // Its label comes too late: an older position does not stand in for it.
    expect(pairs(batchOf([days(0, 1, 40)]), { kind: 'all-action', windowDays: 28, ...all })).toEqual([]);
  });

  it('all-action with a random cut: all positives of the window of the position chosen', () => {
    const times = [0, 1, 2, 3, 31];
    const batch = batchOf([days(...times)]);
    const seen = new Set<number>();
    for (let step = 0; step < 60; step++) {
      const config = { kind: 'all-action', windowDays: 28, maxLabels: 99, cut: 'random' } as const;
      const { rows, positives, cuts, weights } = samplePairs(batch, config, run(step));
      const [row] = rows;
      seen.add(row);
      const wanted = times.flatMap((day, e) => (day > times[row] && day <= times[row] + 28 ? [e + 1] : []));
      expect([...positives]).toEqual(wanted);
      expect([...rows]).toEqual(wanted.map(() => row));
      expect([...weights]).toEqual(wanted.map(() => 1));
      expect([...cuts!]).toEqual([row]);
    }
    // Position 3 sees the event 28 days later.
    expect(seen).toEqual(new Set([0, 1, 2, 3]));
  });

  it('is that of a plain loop, whatever the times and ratings', () => {
    const sequences = fc.array(
      fc.array(fc.record({ gap: fc.constantFrom(0, 0.5, 1, 3), rating: fc.integer({ min: 1, max: 5 }) }), {
        minLength: 2,
        maxLength: 8,
      }),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(sequences, fc.integer({ min: 1, max: 4 }), fc.nat(30), (lists, windowDays, step) => {
        let now = 0;
        const batch = batchOf(
          lists.map((list) =>
            list.map(({ gap, rating }) => {
              now += gap;
              return { day: now, rating };
            }),
          ),
        );
        const wanted: number[][] = Array.from(batch.itemIds, (_, t) => {
          const b = batch.offsets.findIndex((offset) => offset > t) - 1;
          const out: number[] = [];
          for (let j = t; j < batch.offsets[b + 1]; j++) {
            const after = (batch.targetTimestamps[j] - batch.timestamps[t]) / DAY;
            if (after > 0 && after <= windowDays && batch.targetRatings![j] >= 3) out.push(batch.targets[j]);
          }
          return out;
        });
        const config = { windowDays, maxLabels: 99, minRating: 3, cut: 'last' } as const;
        const dense = samplePairs(batch, { kind: 'dense-all-action', ...config }, run(step));
        expect([...dense.rows]).toEqual(wanted.flatMap((labels, t) => (labels.length > 0 ? [t] : [])));
        dense.rows.forEach((row, p) => {
          expect(wanted[row]).toContain(dense.positives[p]);
        });
        const ends = new Set([...batch.offsets].slice(1).map((end) => end - 1));
        expect(pairs(batch, { kind: 'all-action', ...config }, step)).toEqual(
          wanted.flatMap((labels, t) => (ends.has(t) ? labels.map((label) => `${t}>${label}`) : [])),
        );
      }),
    );
  });

  it('dense: every label of a window is as likely as the others', () => {
    const batch = batchOf([days(0, 1, 2, 3)]);
    const counts = new Map<string, number>();
    const steps = 3000;
    for (let step = 0; step < steps; step++) {
      for (const pair of pairs(batch, { kind: 'dense-all-action', windowDays: 28, ...all }, step))
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
    }
    for (const [t, others] of [
      [0, [2, 3, 4]],
      [1, [3, 4]],
      [2, [4]],
    ] as const) {
      for (const item of others) {
        const chance = 1 / others.length;
        const count = counts.get(`${t}>${item}`) ?? 0;
        expect(Math.abs(count - steps * chance)).toBeLessThanOrEqual(4 * Math.sqrt(steps * chance * (1 - chance)));
      }
    }
    expect(counts.size).toBe(6);
  });

  it('dense: which label is independent of which position', () => {
    const batch = batchOf([days(0, 1, 2, 3, 4)]);
    const firsts = [0, 0, 0];
    const chosen = [0, 0, 0];
    for (let step = 0; step < 3000; step++) {
      const one = { kind: 'dense-all-action', windowDays: 28, maxLabels: 1, cut: 'last' } as const;
      const { rows, positives } = samplePairs(batch, one, run(step));
      // The last position has a single label.
      if (rows[0] === 3) continue;
      chosen[rows[0]]++;
      if (positives[0] === rows[0] + 2) firsts[rows[0]]++;
    }
    for (const [t, count] of chosen.entries()) {
      const chance = 1 / (4 - t);
      expect(Math.abs(firsts[t] - count * chance)).toBeLessThan(4 * Math.sqrt(count * chance * (1 - chance)));
    }
  });

  it('maxLabels: a uniform choice of positions (dense) and of labels (all-action)', () => {
    const batch = batchOf([days(0, 1, 2, 3, 4)]);
    const steps = 3000;
    const [rows, labels] = [new Array<number>(4).fill(0), new Array<number>(6).fill(0)];
    let cutAtFirst = 0;
    for (let step = 0; step < steps; step++) {
      const dense = { kind: 'dense-all-action', windowDays: 28, maxLabels: 2, cut: 'last' } as const;
      const chosen = samplePairs(batch, dense, run(step)).rows;
      expect(chosen).toHaveLength(2);
      for (const row of chosen) rows[row]++;
      const action = { kind: 'all-action', windowDays: 28, maxLabels: 2, cut: 'random' } as const;
      const one = samplePairs(batch, action, run(step));
      // From the first position four labels lie ahead.
      if (one.cuts![0] !== 0) continue;
      cutAtFirst++;
      expect(one.positives).toHaveLength(2);
      for (const item of one.positives) labels[item]++;
    }
    for (const count of rows) expect(Math.abs(count - steps / 2)).toBeLessThan(4 * Math.sqrt(steps / 4));
    for (const count of labels.slice(2)) {
      expect(Math.abs(count - cutAtFirst / 2)).toBeLessThan(4 * Math.sqrt(cutAtFirst / 4));
    }
  });
});

describe('labels with a least rating', () => {
  const rated = (...ratings: readonly number[]): SequenceBatch =>
    batchOf([[{ day: 0 }, ...ratings.map((rating, i) => ({ day: i + 1, rating }))]]);

  it('next-item: positions whose own next event is a positive; the least rating itself is', () => {
    expect(pairs(rated(5, 3, 4, 1), { kind: 'next-item', minRating: 4 })).toEqual(['0>2', '2>4']);
    expect(pairs(rated(3.2, 3.3, 3.4), { kind: 'next-item', minRating: 3.3 })).toEqual(['1>3', '2>4']);
    expect(pairs(rated(1, 1), { kind: 'next-item', minRating: 4 })).toEqual([]);
  });

  it('sasrec: every position looks for its next positive; none after the last', () => {
    expect(pairs(rated(1, 5, 1, 4, 2), { kind: 'sasrec', cut: 'last', minRating: 4 })).toEqual([
      '0>3',
      '1>3',
      '2>5',
      '3>5',
    ]);
    const { weights } = samplePairs(rated(1, 5, 1, 4, 2), { kind: 'sasrec', cut: 'last', minRating: 4 }, run());
    expect([...weights]).toEqual([1, 1, 1, 3]);
    expect([...samplePairs(rated(5), { kind: 'sasrec', cut: 'last' }, run()).weights]).toEqual([1]);
  });

  it('next-action: only a newest position that has a positive after it', () => {
    expect(pairs(rated(1, 5), { kind: 'next-action', cut: 'last', minRating: 4 })).toEqual(['1>3']);
    expect(pairs(rated(5, 1), { kind: 'next-action', cut: 'last', minRating: 4 })).toEqual([]);
    expect(pairs(rated(5), { kind: 'next-action', cut: 'last', minRating: 4 })).toEqual(['0>2']);
    const { cuts, rows } = samplePairs(rated(1, 1), { kind: 'next-action', cut: 'random', minRating: 4 }, run());
    expect([...rows, ...cuts!]).toEqual([0]);
  });

  it('a cut is uniform over the positions that have a label', () => {
    const steps = 2000;
    const counts = new Array<number>(4).fill(0);
    for (let step = 0; step < steps; step++) {
      counts[samplePairs(rated(1, 1, 5, 1), { kind: 'sasrec', cut: 'random', minRating: 4 }, run(step)).cuts![0]]++;
    }
    expect(counts[3]).toBe(0);
    for (const count of counts.slice(0, 3)) {
      expect(Math.abs(count - steps / 3)).toBeLessThan(4 * Math.sqrt((steps * 2) / 9));
    }
  });

  it('has no cuts unless histories are cut', () => {
    expect(samplePairs(rated(5, 5), { kind: 'next-item' }, run()).cuts).toBeUndefined();
    expect(samplePairs(rated(5, 5), { kind: 'sasrec', cut: 'last' }, run()).cuts).toBeUndefined();
  });
});

it('own labels: those of a user in all sequences of the batch, and of nobody else', () => {
  const batch = { ...batchOf([days(0, 1, 2), days(0, 1), days(0, 1, 2)]), users: Int32Array.of(7, 9, 7) };
  // Targets 2 3 | 5 | 7 8.
  expect(ownLabels(batch).map((items) => [...items].sort())).toEqual([[2, 3, 7, 8], [5], [2, 3, 7, 8]]);
});

it('weights are those of the labels, or sum to 1 for each user', () => {
  const three = {
    sequences: Int32Array.of(0, 1, 1),
    weights: Float32Array.of(2, 1, 5),
  };
  expect([...pairWeights(three, Int32Array.of(3, 4), 'token')]).toEqual([2, 1, 5]);
  expect([...pairWeights(three, Int32Array.of(3, 4), 'user')]).toEqual([
    1,
    expect.closeTo(1 / 6, 6),
    expect.closeTo(5 / 6, 6),
  ]);
});
