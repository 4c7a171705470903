import { integers, normals, streamKey, useBackend } from '@seqrec/core';
import type { EncodedColumn } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FieldShape } from '../features/field-table.ts';
import { isRunning } from '../layers/layer.ts';
import { type NetOptions, type RankerNet, weightsOf } from '../rankers/row-model.ts';
import { drawnHistory } from './drawn-history.ts';
import type { PlainRows, Weights } from './plain-rows.ts';

/** A model of rows and its formula. */
export interface RowFormula {
  readonly net: (options: NetOptions) => RankerNet;
  readonly plain: (weights: Weights, rows: PlainRows) => number[][];
  /** Default 1. */
  readonly labels?: number;
  /** Weights whose gradient is zero whatever the rows. */
  readonly idle?: readonly string[];
  /** How many times the usual error of rounding is allowed, of models with norms one after another; default 1. */
  readonly roundings?: number;
  /** Whether the pass is one of training; default false. */
  readonly training?: boolean;
  /** The longest history of a model that reads one. */
  readonly maxEvents?: number;
}

const ROWS = 7;

const drawn = (name: string, count: number, bound: number): Int32Array =>
  integers(streamKey(1, name), 0, count, 0, bound);
const lists = { kind: 'rows', size: 6, values: drawn('lists', 9, 6), offsets: Int32Array.of(0, 3, 4, 4, 9) } as const;
const columns: readonly EncodedColumn[] = [
  { kind: 'row', size: 5, values: drawn('row', ROWS, 5) },
  { kind: 'number', width: 2, values: Float32Array.from(normals(streamKey(1, 'numbers'), 0, ROWS * 2)) },
  { ...lists, lists: drawn('list', ROWS, 4) },
];
const names = ['user', 'events.size', 'items.tags'];
const fields = names.map((name, f): FieldShape => {
  const column = columns[f];
  const shape = column.kind === 'number' ? { kind: column.kind, width: 2 } : { kind: column.kind, size: column.size };
  return { name, shape };
});
const plainRows: PlainRows = { names, columns, rows: ROWS };

/** Every weight drawn anew, biases too, of which some start at zero; running values are positive, as variances are. */
function withWeights(net: RankerNet) {
  const parts = weightsOf(net, { embeddingL2: 0, netL2: 0 });
  const weights = new Map<string, { shape: number[]; data: Float64Array }>();
  for (const [name, variable] of parts.variables()) {
    const drawn = normals(streamKey(2, name), 0, variable.size);
    const values = drawn.map((x) => Math.fround(isRunning(variable) ? 0.2 + x * x : 0.6 * x));
    tf.tidy(() => variable.assign(tf.tensor(Float32Array.from(values), variable.shape)));
    weights.set(name, { shape: variable.shape, data: values });
  }
  return { ...parts, weights };
}

/** Tests of logits and gradients against formulas in float64, on the slowest and the fastest backend. */
export function describeRowFormulas(models: Readonly<Record<string, RowFormula>>): void {
  // Of the formulas alone, so that both backends share them.
  const slopes = new Map<RowFormula, ReadonlyMap<string, readonly number[]>>();
  describe.each(['cpu', 'auto'] as const)('formulas on %s', (backend) => {
    beforeAll(async () => {
      await useBackend(backend);
    });

    describe.each(Object.entries(models))('%s', (_, formula) => compareWithFormula(formula, slopes));
  });
}

/** Central differences of `loss` by every number of the weights, by name; the weights are left as they were. */
function slopesOf(weights: Weights, loss: () => number): ReadonlyMap<string, readonly number[]> {
  return new Map(
    [...weights].map(([name, { data }]) => [
      name,
      Array.from(data, (at, i) => {
        const [up, down] = [1e-5, -1e-5].map((step) => {
          data[i] = at + step;
          return loss();
        });
        data[i] = at;
        return (up - down) / 2e-5;
      }),
    ]),
  );
}

function compareWithFormula(formula: RowFormula, known: Map<RowFormula, ReadonlyMap<string, readonly number[]>>): void {
  const { net: netOf, plain: plainOf, labels = 1, idle = [], roundings = 1, maxEvents, training = false } = formula;
  const run = { training, step: 0, seed: 0 };
  const drawnOne = maxEvents === undefined ? undefined : drawnHistory(lists, maxEvents);
  const rows: PlainRows = { ...plainRows, ...(drawnOne && { history: drawnOne.plain }) };
  const plain = (weights: Weights): number[][] => plainOf(weights, rows);
  let history: ReturnType<NonNullable<typeof drawnOne>['upload']> | undefined;
  let net: RankerNet;
  let made: ReturnType<typeof withWeights>;
  beforeAll(() => {
    net = netOf({ fields, labels, seed: 3, ...(drawnOne && { history: drawnOne.fields }) });
    history = drawnOne?.upload();
    made = withWeights(net);
  });
  afterAll(() => {
    made.dispose();
    history?.batch.dispose();
  });

  it('has the logits of the formula in float64', () => {
    const logits = tf.tidy(() => net.logits(columns, run, history).arraySync());
    const expected = plain(made.weights);
    const largest = Math.max(...expected.flat().map(Math.abs));
    for (const [b, row] of expected.entries()) {
      for (const [l, logit] of row.entries())
        expect(Math.abs(logits[b][l] - logit)).toBeLessThan(2e-6 * roundings * largest);
    }
  });

  it('has the gradients of finite differences in float64', () => {
    const cotangent = normals(streamKey(4, 'cotangent'), 0, ROWS * labels);
    const loss = (): number =>
      plain(made.weights)
        .flat()
        .reduce((sum, logit, i) => sum + cotangent[i] * logit, 0);
    const before = tf.memory().numTensors;
    const { value, grads } = tf.variableGrads(
      () => tf.sum(tf.mul(net.logits(columns, run, history), tf.tensor2d([...cotangent], [ROWS, labels]))) as tf.Scalar,
      [...made.variables().values()],
    );
    const expected = known.get(formula) ?? slopesOf(made.weights, loss);
    known.set(formula, expected);
    for (const [name, variable] of made.variables()) {
      if (isRunning(variable)) {
        expect(grads[variable.name], name).toBeNull();
        continue;
      }
      const got = grads[variable.name]?.dataSync() ?? new Float32Array(variable.size);
      const slopes = expected.get(name)!;
      const largest = Math.max(...slopes.map(Math.abs));
      // What is zero is a sum of terms that are not.
      const rest = idle.includes(name) ? 1e-6 : 1e-7;
      if (!idle.includes(name)) expect(largest, name).toBeGreaterThan(0);
      for (const [i, slope] of slopes.entries()) {
        expect(Math.abs(got[i] - slope), `${name} ${i}`).toBeLessThan(1e-5 * roundings * largest + rest);
      }
    }
    tf.dispose([value, grads]);
    expect(tf.memory().numTensors).toBe(before);
  });
}
