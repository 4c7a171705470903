import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, type DeltaError } from '../errors.ts';
import { bitsOf, snapshotOf, weightOf } from '../test-support/snapshots.ts';
import { parametersDigest } from '../train/weights-digest.ts';
import { applyDelta } from './apply-delta.ts';
import type { Delta } from './delta.ts';
import { deltaFromBytes } from './delta-file.ts';
import { encodeDelta } from './delta-format.ts';
import { fromInt8Rows, toInt8Rows } from './int8-rows.ts';
import { makeDelta } from './make-delta.ts';
import { type RowPolicy, selectRows } from './row-policy.ts';
import type { Snapshot, Weight } from './snapshot.ts';

/** What a consumer reads of a delta that was sent as bytes. */
const sent = (delta: Delta): Delta => deltaFromBytes(Buffer.concat(encodeDelta(delta).pieces), delta.name);

/** All bit patterns of finite numbers, so that -0 and subnormal numbers are among them. */
const number = fc
  .integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
  .map((bits) => new Float32Array(Int32Array.of(bits).buffer)[0])
  .filter(Number.isFinite);

interface World {
  /** Moments of training, the base first. */
  readonly moments: readonly Snapshot[];
  readonly tables: readonly string[];
}

/** Weights that change from moment to moment: dense ones everywhere, of each table some rows. */
const worlds = (maxMoments = 5): fc.Arbitrary<World> =>
  fc
    .record({
      tables: fc.array(fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 4 })), { maxLength: 3 }),
      dense: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 3 }),
    })
    .chain(({ tables, dense }) => {
      const shapes = [
        ...tables.map((shape, i) => [`table ${i}`, shape] as const),
        ...dense.map((length, i) => [`dense ${i}`, [length]] as const),
      ];
      const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
      const moment = fc.tuple(
        ...shapes.map(([, shape]) => fc.array(number, { minLength: size(shape), maxLength: size(shape) })),
        ...shapes.map(([, shape]) => fc.array(fc.boolean(), { minLength: shape[0], maxLength: shape[0] })),
      ) as fc.Arbitrary<readonly (readonly (number | boolean)[])[]>;
      return fc.array(moment, { minLength: 2, maxLength: maxMoments }).map((drawn) => {
        let before: ReadonlyMap<string, Weight> | undefined;
        const moments = drawn.map((parts, step) => {
          const weights = new Map<string, Weight>();
          for (const [i, [name, shape]] of shapes.entries()) {
            const fresh = parts[i] as readonly number[];
            const changes = parts[shapes.length + i] as readonly boolean[];
            const width = size(shape) / shape[0];
            const kept = before?.get(name)?.data;
            const values = fresh.map((value, d) => (kept && !changes[Math.floor(d / width)] ? kept[d] : value));
            weights.set(name, weightOf(shape, values));
          }
          before = weights;
          return snapshotOf(weights, { step });
        });
        return { moments, tables: tables.map((_, i) => `table ${i}`) };
      });
    });

const policies: fc.Arbitrary<RowPolicy> = fc.oneof(
  fc.constant({ kind: 'touched' } as const),
  fc.double({ min: 0, max: 1, noNaN: true }).map((share) => ({ kind: 'top', share }) as const),
  fc.double({ min: 0, max: 3, noNaN: true }).map((norm) => ({ kind: 'threshold', norm }) as const),
  fc.integer({ min: 4000, max: 6000 }).map((bytes) => ({ kind: 'budget', bytes }) as const),
);

describe('a chain of deltas', () => {
  it('of all touched rows on a base is the full load, byte for byte', () => {
    fc.assert(
      fc.property(worlds(), ({ moments, tables }) => {
        let held = moments[0];
        for (const to of moments.slice(1)) {
          const before = bitsOf(held.weights);
          const after = applyDelta(held, sent(makeDelta(held, to, tables)));
          expect(bitsOf(after.weights)).toEqual(bitsOf(to.weights));
          expect(parametersDigest(after.weights)).toBe(to.place.base);
          expect(after.state).toEqual(to.state);
          expect(bitsOf(held.weights)).toEqual(before);
          held = after;
        }
        expect(held.place).toMatchObject({ base: moments[0].place.base, deltas: moments.length - 1 });
      }),
    );
  });

  it('sends a touched row once, and no other', () => {
    fc.assert(
      fc.property(worlds(2), ({ moments: [held, to], tables }) => {
        const { tables: sentTables, dense } = makeDelta(held, to, tables);
        for (const [name, { ids, shape }] of sentTables) {
          const [a, b] = [bitsOf(held.weights)[name], bitsOf(to.weights)[name]];
          const expected = Array.from({ length: shape[0] }, (_, id) => id).filter((id) =>
            a.slice(id * shape[1], (id + 1) * shape[1]).some((bits, d) => bits !== b[id * shape[1] + d]),
          );
          expect([...ids]).toEqual(expected);
        }
        expect([...dense.keys()]).toEqual([...to.weights.keys()].filter((name) => !tables.includes(name)));
      }),
    );
  });

  it('loses no row: what was not sent comes with a later delta of all', () => {
    fc.assert(
      fc.property(worlds(), fc.array(policies, { minLength: 5, maxLength: 5 }), fc.boolean(), (world, rows, int8) => {
        const { moments, tables } = world;
        let held = moments[0];
        for (const [i, to] of moments.slice(1).entries()) {
          held = applyDelta(held, sent(makeDelta(held, to, tables, { rows: rows[i], int8 })));
          for (const [name, weight] of to.weights)
            if (!tables.includes(name)) expect(held.weights.get(name)?.data).toEqual(weight.data);
        }
        const last = moments[moments.length - 1];
        const whole = applyDelta(held, sent(makeDelta(held, last, tables)));
        expect(bitsOf(whole.weights)).toEqual(bitsOf(last.weights));
        // Nothing is left to send, also in bytes: what the consumer would get is what it has.
        const empty = (at: Snapshot): void => {
          for (const { ids } of makeDelta(at, last, tables, { int8: true }).tables.values()) expect(ids.length).toBe(0);
        };
        empty(whole);
        empty(applyDelta(held, makeDelta(held, last, tables, { int8: true })));
      }),
    );
  });
});

/** A table of 100 rows of which row `i` changes by a norm of `i`, and another of 10 whose rows change by 1000. */
function graded(): { readonly held: Snapshot; readonly to: Snapshot; readonly tables: string[] } {
  const zeros = new Map([
    ['a', weightOf([100, 2], new Float32Array(200))],
    ['b', weightOf([10, 1], new Float32Array(10))],
    ['dense', weightOf([3], [1, 2, 3])],
  ]);
  const moved = new Map(zeros);
  moved.set(
    'a',
    weightOf(
      [100, 2],
      Float32Array.from({ length: 200 }, (_, d) => (d % 2 === 0 ? -0.6 : 0.8) * (d >> 1)),
    ),
  );
  moved.set('b', weightOf([10, 1], new Float32Array(10).fill(1000)));
  return { held: snapshotOf(zeros), to: snapshotOf(moved, { step: 1 }), tables: ['a', 'b'] };
}

const idsOf = (delta: Delta): Record<string, number[]> =>
  Object.fromEntries(Array.from(delta.tables, ([name, { ids }]) => [name, [...ids]]));
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe('which rows a delta takes along', () => {
  const { held, to, tables } = graded();
  const make = (rows: RowPolicy, int8 = false): Delta => makeDelta(held, to, tables, { rows, int8 });

  it('touched: all whose bytes differ', () => {
    expect(idsOf(make({ kind: 'touched' }))).toEqual({ a: range(0, 100), b: range(0, 10) });
    // Row 0 of `a` goes from 0 to -0 and 0.
    expect(to.weights.get('a')?.data[0]).toBe(-0);
  });

  it('top: of each table the share that changed most; among equals the lower ids', () => {
    expect(idsOf(make({ kind: 'top', share: 0.1 }))).toEqual({ a: range(90, 100), b: [0] });
    expect(idsOf(make({ kind: 'top', share: 0.255 }))).toEqual({ a: range(75, 100), b: [0, 1] });
    expect(idsOf(make({ kind: 'top', share: 0 }))).toEqual({ a: [], b: [] });
    expect(idsOf(make({ kind: 'top', share: 1 }))).toEqual({ a: range(0, 100), b: range(0, 10) });
  });

  it('threshold: those that changed by as much', () => {
    expect(idsOf(make({ kind: 'threshold', norm: 49.5 }))).toEqual({ a: range(50, 100), b: range(0, 10) });
    expect(idsOf(make({ kind: 'threshold', norm: 1001 }))).toEqual({ a: [], b: [] });
  });

  it('budget: the most changed of all tables that the file has room for, and no more', () => {
    const least = make({ kind: 'top', share: 0 }).bytes;
    const most = make({ kind: 'touched' }).bytes;
    fc.assert(
      fc.property(fc.integer({ min: least + 50, max: most + 100 }), fc.boolean(), (bytes, int8) => {
        const delta = make({ kind: 'budget', bytes }, int8);
        expect(Buffer.concat(encodeDelta(delta).pieces).length).toBe(delta.bytes);
        expect(delta.bytes).toBeLessThanOrEqual(bytes);
        const { a, b } = idsOf(delta);
        const [inA, inB] = [a.length, b.length];
        // Those of `b` change more than any of `a`.
        expect(b).toEqual(range(0, inB));
        expect(a).toEqual(range(100 - inA, 100));
        if (inA > 0) expect(inB).toBe(10);
      }),
    );
  });

  it('budget: as many rows as fit, whatever a row takes', () => {
    const changed = range(0, 30).map((id) => ({ table: 'a', id, norm: (id * 7) % 30 }));
    const most = [...changed].sort((a, b) => b.norm - a.norm);
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 30, maxLength: 30 }), fc.nat(400), (sizes, room) => {
        const bytes = (count: number): number => 100 + sizes.slice(0, count).reduce((a, b) => a + b, 0);
        const rows = { kind: 'budget', bytes: 100 + room } as const;
        const chosen = selectRows(rows, changed, new Map([['a', 30]]), ({ length }) => bytes(length));
        expect(chosen).toEqual(most.slice(0, chosen.length));
        expect(bytes(chosen.length)).toBeLessThanOrEqual(100 + room);
        if (chosen.length < 30) expect(bytes(chosen.length + 1)).toBeGreaterThan(100 + room);
      }),
    );
  });

  it('refuses a budget below the dense weights, and numbers outside their range', () => {
    expect(() => make({ kind: 'budget', bytes: 10 })).toThrow(
      /^delta: rows\.bytes: expected at least \d+ bytes, those of the dense weights, which go whole; got 10$/,
    );
    expect(() => make({ kind: 'budget', bytes: 1.5 })).toThrow(
      'delta: rows.bytes: expected a whole number of bytes, at least 1; got 1.5',
    );
    expect(() => make({ kind: 'top', share: 1.1 })).toThrow(
      'delta: rows.share: expected a share of the rows from 0 to 1; got 1.1',
    );
    // Infinity would be no number in the file.
    for (const norm of [Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => make({ kind: 'threshold', norm })).toThrow(
        `delta: rows.norm: expected a finite norm of at least 0; got ${norm}`,
      );
    expect(() => makeDelta(held, to, ['dense'])).toThrow(
      "makeDelta: tables: expected 'dense' to be a weight [rows, width]; got [3]",
    );
    expect(() => makeDelta(held, to, ['c'])).toThrow(ConfigError);
  });
});

describe('rows in bytes', () => {
  it('are off by half a scale at most, and by nothing but the scale', () => {
    const rows = fc.integer({ min: 1, max: 9 }).chain((width) =>
      fc.tuple(
        fc.constant(width),
        fc.array(
          fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -(2 ** 100), max: 2 ** 100 }), {
            minLength: width,
            maxLength: width,
          }),
          { minLength: 1, maxLength: 5 },
        ),
      ),
    );
    fc.assert(
      fc.property(rows, ([width, lists]) => {
        const values = Float32Array.from(lists.flat());
        const bytes = toInt8Rows(values, width);
        const back = fromInt8Rows(bytes, width);
        for (const [d, value] of values.entries()) {
          const scale = bytes.scales[Math.floor(d / width)];
          const largest = Math.max(...lists[Math.floor(d / width)].map(Math.abs));
          // Subnormal scales have few digits of their own.
          const slack = largest * 2 ** -22 + 127 * 2 ** -149;
          expect(Math.abs(back[d] - value)).toBeLessThanOrEqual(scale / 2 + slack);
          expect(scale).toBeLessThanOrEqual(largest / 127 + slack);
        }
        expect(Math.min(...bytes.values)).toBeGreaterThanOrEqual(-127);
        // What was bytes once is the same bytes again.
        expect(toInt8Rows(back, width).values).toEqual(bytes.values);
      }),
    );
  });

  it('take a quarter of the space and are what the consumer holds', () => {
    const { held, to, tables } = graded();
    const delta = sent(makeDelta(held, to, tables, { int8: true }));
    const own = applyDelta(held, delta).weights.get('a')?.data as Float32Array;
    expect(own).toEqual(fromInt8Rows(toInt8Rows(to.weights.get('a')?.data as Float32Array, 2), 2));
  });

  it('are not sent where the consumer holds the row exactly', () => {
    const rows = Float32Array.from({ length: 12 }, (_, d) => Math.fround(Math.sin(d + 1)));
    const moved = rows.slice();
    moved[4] += 1;
    const table = (data: Float32Array) => snapshotOf(new Map([['a', weightOf([6, 2], data)]]));
    const [held, to] = [table(rows), table(moved)];
    const delta = makeDelta(held, to, ['a'], { int8: true });
    expect(idsOf(delta)).toEqual({ a: [2] });
    const own = applyDelta(held, sent(delta)).weights.get('a')?.data as Float32Array;
    expect([...own.slice(0, 4), ...own.slice(6)]).toEqual([...rows.slice(0, 4), ...rows.slice(6)]);
  });
});

describe('a delta that is not the next one', () => {
  const { held, to, tables } = graded();
  const first = makeDelta(held, to, tables, { rows: { kind: 'top', share: 0.1 }, name: 'd1' });
  const one = applyDelta(held, first);
  const second = makeDelta(one, to, tables, { rows: { kind: 'top', share: 0.1 }, name: 'd2' });
  const two = applyDelta(one, second);
  const third = makeDelta(two, to, tables, { name: 'd3' });
  const refused = (snapshot: Snapshot, delta: Delta): DeltaError => {
    const before = bitsOf(snapshot.weights);
    try {
      applyDelta(snapshot, delta);
    } catch (error) {
      expect(bitsOf(snapshot.weights)).toEqual(before);
      return error as DeltaError;
    }
    throw new Error('applied');
  };

  it('is refused with a word for what is wrong: order, gap, base, chain', () => {
    expect(refused(one, first)).toMatchObject({
      name: 'DeltaError',
      reason: 'order',
      message: 'applyDelta: d1: expected delta 2 of the chain; got delta 1; it is applied already, or comes too late',
    });
    expect(refused(held, second)).toMatchObject({
      reason: 'gap',
      message:
        'applyDelta: d2: expected delta 1 of the chain; got delta 2; delta 1 is missing: apply what is missing first, or load the weights in full',
    });
    expect(refused(held, third).message).toContain('deltas 1 to 2 are missing');
    const other = snapshotOf(to.weights, { name: 'other' });
    const base = other.place.base.slice(0, 12);
    expect(refused(other, first)).toMatchObject({
      reason: 'base',
      message: `applyDelta: d1: expected a delta on the base ${base} of other; got one on ${held.place.base.slice(0, 12)}; take deltas of this base, or load the weights in full`,
    });
    const sibling = applyDelta(held, makeDelta(held, to, tables));
    expect(refused(sibling, second)).toMatchObject({
      reason: 'chain',
      message: `applyDelta: d2: expected a delta after ${sibling.place.latest.slice(0, 12)}; got one after ${first.digest.slice(0, 12)}; it was made for a consumer that holds other rows`,
    });
  });

  it('of another model says what differs', () => {
    const grown = snapshotOf(held.weights, { numItems: 21, name: 'grown' });
    expect(refused(grown, first)).toMatchObject({
      reason: 'model',
      message:
        'applyDelta: expected weights of the model of grown; got those of d1 with numItems: 21 and 20; load them in full',
    });
    const wider = new Map(held.weights);
    wider.set('b', weightOf([12, 1], new Float32Array(12)));
    expect(() => makeDelta(held, snapshotOf(wider, { name: 'wider' }), tables)).toThrow(
      'makeDelta: expected weights of the model of base; got those of wider with weights.b: [10,1] and [12,1]; load them in full',
    );
  });
});
