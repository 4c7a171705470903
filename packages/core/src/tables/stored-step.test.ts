import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { partOf } from '../../../../test/part.ts';
import {
  type InitialRows,
  initialRowsOf,
  memoryRows,
  normals,
  type RowStore,
  RowwiseAdagrad,
  RowwiseAdamW,
  rowSet,
  StoredRowwiseAdagrad,
  StoredRowwiseAdamW,
  streamKey,
  useBackend,
} from '../index.ts';
import { fileRows } from '../row-files/index.ts';

const ROWS = 40;
const WIDTH = 5;
const initial: InitialRows = { kind: 'normal', seed: 1, stream: 'init/table', standardDeviation: 0.1 };
const folder = mkdtempSync(join(tmpdir(), 'seqrec-stored-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const adamw = { learningRate: 0.05, beta2: 0.98, weightDecay: 0.02 };
const adagrad = { learningRate: 0.05, initialAccumulator: 0.3, learningRateDecay: 0.01, weightDecay: 0.02 };

/** Each rule with a variable, and over a store. */
const rules = {
  adamw: {
    state: StoredRowwiseAdamW.stateOf(WIDTH),
    ofVariable: (table: tf.Variable) => new RowwiseAdamW(table, adamw),
    ofStore: (store: RowStore) => new StoredRowwiseAdamW(store, adamw),
  },
  adagrad: {
    state: StoredRowwiseAdagrad.stateOf(adagrad),
    ofVariable: (table: tf.Variable) => new RowwiseAdagrad(table, adagrad),
    ofStore: (store: RowStore) => new StoredRowwiseAdagrad(store, adagrad),
  },
};

function initialTable(): tf.Variable {
  const values = new Float32Array(ROWS * WIDTH);
  const fill = initialRowsOf(initial, WIDTH);
  for (let id = 0; id < ROWS; id++) fill(id, values, id * WIDTH);
  return tf.tidy(() => tf.variable(tf.tensor2d(values, [ROWS, WIDTH])));
}

describe.each(['simd', 'cpu'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it.each(Object.entries(rules))('%s over a store has the bits of the one over a variable', async (_, rule) => {
    let file = 0;
    const step = fc.array(fc.nat(ROWS - 1), { minLength: 0, maxLength: 20 });
    const before = tf.memory().numTensors;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.integer({ min: 2, max: 50 }), async (steps, cacheRows) => {
        const layout = { rows: ROWS, width: WIDTH, initial, ...rule.state };
        const path = join(folder, `${backend}-${file++}`);
        const stores = [memoryRows(layout), fileRows({ ...layout, path, cacheRows })];
        const table = initialTable();
        const whole = rule.ofVariable(table);
        const stored = stores.map((store) => rule.ofStore(store));
        for (const [s, list] of steps.entries()) {
          const { ids } = rowSet(ROWS, [Int32Array.from(list)]);
          const next = rowSet(ROWS, [Int32Array.from(steps[s + 1] ?? [])]).ids;
          const values = Float32Array.from(normals(streamKey(2, 'gradients'), s, ids.length * WIDTH));
          const grad = tf.tensor2d(values, [ids.length, WIDTH]);
          for (const optimizer of [whole, ...stored]) {
            optimizer.learningRate = 0.05 / (1 + s);
            if ('store' in optimizer) optimizer.store.prefetch(next);
            if (ids.length > 0) await optimizer.step(ids, grad);
          }
          grad.dispose();
        }
        const all = Int32Array.from({ length: ROWS }, (_v, id) => id);
        const expected = new Int32Array(table.dataSync().slice().buffer);
        for (const store of stores) {
          const vectors = await store.gather(all);
          expect(new Int32Array(vectors.buffer)).toEqual(expected);
          await store.close();
        }
        rmSync(path);
        whole.dispose();
        table.dispose();
      }),
      { numRuns: partOf(15, 3) },
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});

it('refuses a store without room, word for word', () => {
  const layout = { rows: 3, width: 2, initial };
  expect(() => new StoredRowwiseAdamW(memoryRows(layout), adamw)).toThrow(
    'StoredRowwiseAdamW: expected a store with stateWidth=4 and initialState=0; got stateWidth=0 and initialState=0; StoredRowwiseAdamW.stateOf gives them',
  );
});
