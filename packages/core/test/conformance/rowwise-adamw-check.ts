import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { assignRows, RowwiseAdamW } from '../../src/index.ts';
import * as ref from '../../src/reference/index.ts';
import { floats, runs, seeds } from './arbitraries.ts';
import { assertClose } from './compare.ts';

const STEPS = 8;
/** Parameters of size one move by lr a step; each step rounds once. */
const BOUND = 2e-6;

/** Steps on changing subsets of the rows against float64, row by row; rows outside the subset keep their bits. */
export async function checkRowwiseAdamW(): Promise<void> {
  const problem = fc.record({
    rows: fc.integer({ min: 1, max: 40 }),
    d: fc.oneof(fc.constantFrom(1, 2, 3, 4, 5, 8, 64), fc.integer({ min: 1, max: 70 })),
    touched: fc.array(fc.array(fc.nat(39), { maxLength: 30 }), { minLength: STEPS, maxLength: STEPS }),
    weightDecay: fc.constantFrom(0, 0.1),
    moments: fc.constantFrom('backend' as const, 'host' as const),
    seed: seeds,
  });
  await fc.assert(
    fc.asyncProperty(problem, async ({ rows, d, touched, weightDecay, moments, seed }) => {
      const constants = { learningRate: 0.01, beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay };
      const before = tf.memory().numTensors;
      const start = floats(seed, 0, rows * d);
      const table = variable(start, [rows, d]);
      const kept = tf.clone(table);
      const optimizer = new RowwiseAdamW(table, { ...constants, moments });
      const expected = Array.from({ length: rows }, (_, id) => ({
        param: Float64Array.from(start.subarray(id * d, (id + 1) * d)) as ArrayLike<number>,
        m: new Float64Array(d) as ArrayLike<number>,
        v: 0,
        steps: 0,
      }));
      for (const [step, drawn] of touched.entries()) {
        const ids = Int32Array.from(new Set(drawn.filter((id) => id < rows))).sort();
        const grad = floats(seed, step + 1, ids.length * d);
        const was = (await table.data()).slice();
        const gradient = tf.tensor2d(grad.slice(), [ids.length, d]);
        await optimizer.step(ids, gradient);
        gradient.dispose();
        const now = await table.data();
        ids.forEach((id, u) => {
          expected[id] = ref.rowwiseAdamWStep(expected[id], grad.subarray(u * d, (u + 1) * d), constants);
        });
        for (let id = 0; id < rows; id++) {
          if (ids.includes(id)) continue;
          const same = now.subarray(id * d, (id + 1) * d).every((x, k) => Object.is(x, was[id * d + k]));
          if (!same) throw new Error(`RowwiseAdamW: expected row ${id} to rest in step ${step}; got a change`);
        }
      }
      const { m, v, steps } = optimizer.state();
      const flat = (part: (row: ref.RowState) => ArrayLike<number>): number[] =>
        expected.flatMap((row) => Array.from(part(row)));
      assertClose(
        'RowwiseAdamW parameter',
        await table.data(),
        flat((row) => row.param),
        { bound: BOUND, floor: 1 },
      );
      assertClose(
        'RowwiseAdamW m',
        await valuesOf(m),
        flat((row) => row.m),
        { bound: BOUND },
      );
      assertClose(
        'RowwiseAdamW v',
        await valuesOf(v),
        flat((row) => [row.v]),
        { bound: BOUND },
      );
      if (steps.join() !== expected.map((row) => row.steps).join()) throw new Error(`RowwiseAdamW: steps ${steps}`);
      if (!(await kept.data()).every((x, i) => Object.is(x, start[i])))
        throw new Error('RowwiseAdamW: expected a clone of the table to rest; got a change');
      optimizer.dispose();
      tf.dispose([table, kept]);
      if (tf.memory().numTensors !== before) throw new Error('RowwiseAdamW: expected no tensor left; got some');
    }),
    runs(16),
  );
}

/** Filled block by block or row by row, a table holds what it was given, whoever owned it. */
export async function checkAssignRows(): Promise<void> {
  await checkBlocks();
  await checkPlaces();
}

/** Rows at drawn places, in a drawn order or a rising one, which has runs. */
async function checkPlaces(): Promise<void> {
  const problem = fc.record({
    d: fc.integer({ min: 1, max: 9 }),
    total: fc.integer({ min: 1, max: 40 }),
    places: fc.uniqueArray(fc.nat(39), { maxLength: 40 }),
    rising: fc.boolean(),
    seed: seeds,
  });
  await fc.assert(
    fc.asyncProperty(problem, async ({ d, total, places, rising, seed }) => {
      const before = tf.memory().numTensors;
      const at = Int32Array.from(places.filter((row) => row < total));
      if (rising) at.sort();
      const [old, values] = [floats(seed, 0, total * d), floats(seed, 1, at.length * d)];
      const expected = old.slice();
      for (const [i, row] of at.entries()) expected.set(values.subarray(i * d, (i + 1) * d), row * d);
      const rows = () => tf.tensor2d(values.slice(), [at.length, d]);
      const [shared, held] = [variable(old, [total, d]), tf.tensor2d(old.slice(), [total, d])];
      const kept = tf.clone(held);
      assignRows(shared, rows(), at);
      const own = assignRows(tf.tensor2d(old.slice(), [total, d]), rows(), at);
      const copied = assignRows(held, rows(), at);
      assertClose('assignRows at places', await own.data(), expected, { bound: 0 });
      assertClose('assignRows at places of a shared tensor', await copied.data(), expected, { bound: 0 });
      assertClose('assignRows at places leaves a clone alone', await kept.data(), old, { bound: 0 });
      assertClose('assignRows at places of a variable', await shared.data(), expected, { bound: 0 });
      tf.dispose([shared, own, copied, kept]);
      if (tf.memory().numTensors !== before) throw new Error('assignRows: expected no tensor left; got some');
    }),
    runs(20),
  );
}

async function checkBlocks(): Promise<void> {
  const problem = fc.record({
    d: fc.integer({ min: 1, max: 9 }),
    blocks: fc.array(fc.nat(5), { maxLength: 6 }),
    seed: seeds,
  });
  await fc.assert(
    fc.asyncProperty(problem, async ({ d, blocks, seed }) => {
      const before = tf.memory().numTensors;
      const rows = blocks.reduce((sum, n) => sum + n, 0) + 2;
      const values = floats(seed, 0, rows * d);
      const shared = variable(values, [rows, d]);
      let filled = tf.zeros([rows, d]) as tf.Tensor2D;
      const kept = tf.clone(filled);
      let begin = 0;
      for (const n of blocks) {
        const block = values.slice(begin * d, (begin + n) * d);
        filled = assignRows(filled, tf.tensor2d(block, [n, d]), begin);
        assignRows(
          shared,
          tf.tensor2d(
            block.map((x) => x + 1),
            [n, d],
          ),
          begin,
        );
        begin += n;
      }
      const edge = begin * d;
      const expected = [...values.subarray(0, edge), ...new Array(rows * d - edge).fill(0)];
      assertClose('assignRows', await filled.data(), expected, { bound: 0 });
      assertClose('assignRows leaves a clone alone', await kept.data(), new Array(rows * d).fill(0), { bound: 0 });
      const raised = values.map((x, i) => (i < edge ? x + 1 : x));
      assertClose('assignRows of a variable', await shared.data(), raised, { bound: 0 });
      tf.dispose([shared, filled, kept]);
      if (tf.memory().numTensors !== before) throw new Error('assignRows: expected no tensor left; got some');
    }),
    runs(20),
  );
}

function variable(values: Float32Array, shape: [number, number]): tf.Variable {
  const initial = tf.tensor2d(values.slice(), shape);
  const result = tf.variable(initial);
  initial.dispose();
  return result;
}

async function valuesOf(x: Float32Array | tf.Variable): Promise<ArrayLike<number>> {
  return x instanceof tf.Variable ? x.data() : x;
}
