import { integers, normals, streamKey, useBackend } from '@seqrec/core';
import type { EncodedColumn } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FieldShape } from '../features/field-tables.ts';
import { type PlainRows, plainDcn, plainFm, plainLr, plainMlp, type Weights } from '../test-support/plain-rows.ts';
import { dcnV2ConfigSchema } from './dcn-v2/config.ts';
import { dcnV2Net } from './dcn-v2/dcn-v2.ts';
import { fmConfigSchema } from './fm/config.ts';
import { fmNet } from './fm/fm.ts';
import { lrConfigSchema } from './lr/config.ts';
import { lrNet } from './lr/lr.ts';
import { mlpConfigSchema } from './mlp/config.ts';
import { mlpNet } from './mlp/mlp.ts';
import { type NetOptions, type RankerNet, weightsOf } from './row-model.ts';

const RUN = { training: false, step: 0, seed: 0 };
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

const dcn = (settings: object) => dcnV2ConfigSchema.parse({ kind: 'dcn-v2', ...wide, crossLayers: 2, ...settings });
const wide = { embeddingDim: 3, embeddingStd: 0.7 };
const hiddenSizes = [6, 4];
const options = (labels: number): NetOptions => ({ fields, labels, seed: 3 });
const ofDcn = (settings: object, structure: 'parallel' | 'stacked' | 'cross', labels = 1) => ({
  net: () => dcnV2Net(dcn({ ...settings, structure, ...(structure !== 'cross' && { hiddenSizes }) }), options(labels)),
  plain: (w: Weights) => plainDcn(w, plainRows, { structure, layers: 2, hidden: 2 }),
});

const models: Readonly<Record<string, { net: () => RankerNet; plain: (w: Weights) => number[][] }>> = {
  lr: {
    net: () => lrNet(lrConfigSchema.parse({ kind: 'lr', embeddingStd: 0.7 }), options(1)),
    plain: (w) => plainLr(w, plainRows),
  },
  fm: {
    net: () => fmNet(fmConfigSchema.parse({ kind: 'fm', ...wide }), options(1)),
    plain: (w) => plainFm(w, plainRows),
  },
  'fm of two labels': {
    net: () => fmNet(fmConfigSchema.parse({ kind: 'fm', ...wide }), options(2)),
    plain: (w) => plainFm(w, plainRows),
  },
  mlp: {
    net: () => mlpNet(mlpConfigSchema.parse({ kind: 'mlp', ...wide, hiddenSizes }), options(2)),
    plain: (w) => plainMlp(w, plainRows, 2),
  },
  'dcn-v2 full': ofDcn({ cross: 'full' }, 'cross', 2),
  'dcn-v2 full parallel': ofDcn({ cross: 'full' }, 'parallel', 2),
  'dcn-v2 full stacked': ofDcn({ cross: 'full' }, 'stacked'),
  'dcn-v2 low-rank': ofDcn({ cross: 'low-rank', rank: 2 }, 'cross'),
  'dcn-v2 low-rank parallel': ofDcn({ cross: 'low-rank', rank: 2 }, 'parallel'),
  'dcn-v2 mixture': ofDcn({ cross: 'mixture', rank: 2, experts: 3 }, 'cross'),
  'dcn-v2 mixture of one': ofDcn({ cross: 'mixture', rank: 3, experts: 1 }, 'stacked'),
};

/** Every weight drawn anew, biases too, of which some start at zero. */
function withWeights(net: RankerNet) {
  const parts = weightsOf(net, { embeddingL2: 0, netL2: 0 });
  const weights = new Map<string, { shape: number[]; data: Float64Array }>();
  for (const [name, variable] of parts.variables()) {
    const values = normals(streamKey(2, name), 0, variable.size).map((x) => Math.fround(0.6 * x));
    tf.tidy(() => variable.assign(tf.tensor(Float32Array.from(values), variable.shape)));
    weights.set(name, { shape: variable.shape, data: values });
  }
  return { ...parts, weights };
}

describe.each(['cpu', 'auto'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  describe.each(Object.entries(models))('%s', (_, { net: netOf, plain }) => {
    let net: RankerNet;
    let made: ReturnType<typeof withWeights>;
    beforeAll(() => {
      net = netOf();
      made = withWeights(net);
    });
    afterAll(() => made.dispose());

    it('has the logits of the formula in float64', () => {
      const logits = tf.tidy(() => net.logits(columns, RUN).arraySync());
      const expected = plain(made.weights);
      const largest = Math.max(...expected.flat().map(Math.abs));
      for (const [b, row] of expected.entries()) {
        for (const [l, logit] of row.entries()) expect(Math.abs(logits[b][l] - logit)).toBeLessThan(2e-6 * largest);
      }
    });

    it('has the gradients of finite differences in float64', () => {
      const labels = plain(made.weights)[0].length;
      const cotangent = normals(streamKey(4, 'cotangent'), 0, ROWS * labels);
      const loss = (): number =>
        plain(made.weights)
          .flat()
          .reduce((sum, logit, i) => sum + cotangent[i] * logit, 0);
      const before = tf.memory().numTensors;
      const { value, grads } = tf.variableGrads(
        () => tf.sum(tf.mul(net.logits(columns, RUN), tf.tensor2d([...cotangent], [ROWS, labels]))) as tf.Scalar,
        [...made.variables().values()],
      );
      for (const [name, variable] of made.variables()) {
        const got = grads[variable.name].dataSync();
        const { data } = made.weights.get(name)!;
        const slopes = Array.from(data, (at, i) => {
          const [up, down] = [1e-5, -1e-5].map((step) => {
            data[i] = at + step;
            return loss();
          });
          data[i] = at;
          return (up - down) / 2e-5;
        });
        const largest = Math.max(...slopes.map(Math.abs));
        // A gate that is alone is always one.
        if (name !== 'cross.gates' || variable.shape[0] > 1) expect(largest, name).toBeGreaterThan(0);
        for (const [i, slope] of slopes.entries()) {
          expect(Math.abs(got[i] - slope), `${name} ${i}`).toBeLessThan(1e-5 * largest + 1e-7);
        }
      }
      tf.dispose([value, grads]);
      expect(tf.memory().numTensors).toBe(before);
    });
  });
});
