// Columns of a table, each with an optimiser of its own, against one optimiser of the whole table: the same bits.
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  normals,
  RowwiseAdagrad,
  RowwiseAdagradColumns,
  RowwiseAdamW,
  RowwiseAdamWColumns,
  streamKey,
  type TableColumns,
  useBackend,
} from '../index.ts';

const key = streamKey(5, 'columns');
const ROWS = 7;

beforeAll(async () => {
  await useBackend('auto');
});

const variable = (values: Float32Array, columns: number): tf.Variable =>
  tf.tidy(() => tf.variable(tf.tensor2d(values, [values.length / Math.max(1, columns), columns])));

function cut(values: Float32Array, width: number, from: number, to: number): Float32Array {
  return values.filter((_, i) => i % width >= from && i % width < to);
}

interface Case {
  readonly width: number;
  readonly from: number;
  readonly to: number;
  readonly weightDecay: number;
  readonly steps: readonly (readonly number[])[];
}

const cases: fc.Arbitrary<Case> = fc.integer({ min: 1, max: 21 }).chain((width) =>
  fc.record({
    width: fc.constant(width),
    from: fc.integer({ min: 0, max: width }),
    to: fc.integer({ min: 0, max: width }),
    weightDecay: fc.constantFrom(0, 0.03),
    steps: fc.array(fc.subarray([...Array(ROWS).keys()], { minLength: 1 }), { minLength: 1, maxLength: 4 }),
  }),
);

/** What columns and whole table end with; `meanOfOwn` gives gradients that are 0 in the other columns. */
async function both(kind: 'adamw' | 'adagrad', { width, steps, weightDecay, ...of }: Case, meanOfOwn = false) {
  const [from, to] = [Math.min(of.from, of.to), Math.max(of.from, of.to)];
  const options = { learningRate: 0.05, weightDecay };
  const start = Float32Array.from(normals(key, 0, ROWS * width));
  const whole = variable(start, width);
  const own = tf.tidy(() =>
    tf.variable(tf.tensor2d(cut(start, width, from, to), [ROWS, to - from])),
  ) as tf.Variable<tf.Rank.R2>;
  let ids = new Int32Array(0);
  const columns: TableColumns = {
    ...{ from, width },
    withAll: async () => {
      // The other ranks have not moved these rows yet.
      const before = await tf.gather(whole, tf.tensor1d(ids, 'int32')).data();
      return new Float32Array(before as Float32Array);
    },
  };
  const [first, second] =
    kind === 'adamw'
      ? [new RowwiseAdamW(whole, options), new RowwiseAdamWColumns(own, columns, options)]
      : [new RowwiseAdagrad(whole, options), new RowwiseAdagradColumns(own, columns, options)];
  for (const [s, rows] of steps.entries()) {
    ids = Int32Array.from(rows);
    const values = Float32Array.from(normals(key, s + 1, ids.length * width));
    const grad = tf.tensor2d(values, [ids.length, width]);
    const theirs = values.map((x, i) => (meanOfOwn && !(i % width >= from && i % width < to) ? 0 : x));
    await second.step(ids, tf.tensor2d(theirs, [ids.length, width]));
    await first.step(ids, grad);
  }
  const numbers = (x: tf.Tensor | Float32Array | Int32Array): number[] => [
    ...(x instanceof tf.Tensor ? x.dataSync() : x),
  ];
  const state = (of: object): Map<string, number[]> =>
    new Map(Object.entries(of).map(([slot, x]) => [slot, typeof x === 'number' ? [x] : numbers(x as Float32Array)]));
  const [all, part] = [state(first.state()), state(second.state())];
  const m = all.get('m');
  if (m !== undefined) all.set('m', [...cut(Float32Array.from(m), width, from, to)]);
  return {
    expected: [[...cut(Float32Array.from(whole.dataSync()), width, from, to)], all],
    got: [numbers(own), part],
  };
}

describe.each(['adamw', 'adagrad'] as const)('%s', (kind) => {
  it('steps columns as they are stepped in the whole table, of any cut, decayed or not', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (of) => {
        const { expected, got } = await both(kind, of);
        expect(got).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('needs the gradients of all columns', async () => {
    const { expected, got } = await both(
      kind,
      { width: 6, from: 0, to: 3, weightDecay: 0, steps: [[1, 2], [2]] },
      true,
    );
    expect(got).not.toEqual(expected);
  });
});

it('refuses what does not fit, word for word', async () => {
  const columns: TableColumns = { from: 2, width: 4, withAll: async (own) => own };
  const table = variable(new Float32Array(9), 3);
  expect(() => new RowwiseAdamWColumns(table, columns, { learningRate: 0.1 })).toThrow(
    'RowwiseAdamWColumns: expected a variable [I, d] for columns from 2 on of a table of 4 columns, 2 + d <= 4; got float32[3,3]',
  );
  const optimizer = new RowwiseAdamWColumns(table, { ...columns, from: 1 }, { learningRate: 0.1 });
  await expect(optimizer.step(Int32Array.of(1), tf.zeros([1, 3]))).rejects.toThrow(
    'RowwiseAdamWColumns: expected a gradient [1, 4] for 1 rows of a table [3, 4]; got float32[1,3]',
  );
  expect(() =>
    optimizer.loadState({ m: new Float32Array(8), v: new Float32Array(3), steps: new Int32Array(3) }),
  ).toThrow('RowwiseAdamWColumns: expected m [3, 3], v [3] and steps [3]; got 8, 3 and 3 numbers');
  const sums = new RowwiseAdagradColumns(table, { ...columns, from: 0 }, { learningRate: 0.1 });
  expect(() => sums.loadState({ sum: new Float32Array(2), iterations: 1 })).toThrow(
    'RowwiseAdagradColumns: expected a sum [3]; got 2 numbers',
  );
});
