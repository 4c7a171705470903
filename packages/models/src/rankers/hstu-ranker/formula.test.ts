import { normals, offsetsOf, streamKey, useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { hstuBlocks } from '../../encoders/hstu/blocks.ts';
import type { Weights } from '../../test-support/plain-rows.ts';
import { requestLayout } from './layout.ts';
import { HstuRankerNet, type RequestVectors } from './net.ts';
import { type PlainRankerConfig, type PlainRequest, plainLogits } from './test-support/plain.ts';

const shared = {
  ...{ embeddingDim: 6, tableDim: 3, numBlocks: 2, inputDropout: 0, preprocessorHidden: 5, towerHidden: 4 },
  ...{ headHidden: 5, actionDim: 2, numActions: 3, positionBuckets: 6, ageBuckets: 4, labels: 2, seed: 1 },
};
const heads = { numHeads: 2, dqk: 3, dv: 2 };
const events = [2, 0, 3];
const candidates = [2, 1, 1];
const [eventOffsets, rowOffsets] = [offsetsOf(events), offsetsOf(candidates)];
const count = eventOffsets[3];
const asked = rowOffsets[3];
const drawn = (name: string, rows: number, width: number): number[][] => {
  const values = normals(streamKey(7, name), 0, rows * width);
  return Array.from({ length: rows }, (_, r) => Array.from(values.subarray(r * width, (r + 1) * width), Math.fround));
};
const ids = drawn('ids', count + asked, 3);
const features = drawn('features', count + asked, 6);
const context = ['age', 'user'].map((name) => drawn(name, 3, 3));
const masks = Int32Array.from({ length: count }, (_, e) => (3 * e) % 8);
const times = { events: Array.from({ length: count }, (_, e) => 400 * e), requests: [2500, 2600, 4000] };

describe.each([
  ['sum', 'history'],
  ['sum', 'earlier'],
  ['interleave', 'history'],
] as const)('%s, contextual tokens see %s', (form, contextSees) => {
  const contextual = ['age', 'user'];
  const plain: PlainRankerConfig = { ...shared, ...heads, form, contextSees, contextual, normalizer: 13 };
  let net: HstuRankerNet;
  let weights: Map<string, { shape: number[]; data: Float64Array }>;

  beforeAll(async () => {
    await useBackend('auto');
    net = new HstuRankerNet({
      ...{ ...shared, form, contextual, item: { id: true, features: 2 }, ageScale: 'sqrt', postNorm: 'layer' },
      paddedLength: plain.normalizer,
      block: {
        ...{ ...hstuBlocks.production, ...heads, linearDropout: 0, attention: 'silu', numTimeBuckets: 1 },
        ...(contextSees === 'history' && { contextualLength: 2 }),
      },
    });
    weights = new Map();
    for (const layer of net.layers) {
      for (const own of layer.names) {
        const [name, variable] = [`${layer.stream}.${own}`, layer.weight(own)];
        const data = normals(streamKey(2, name), 0, variable.size).map((x) => Math.fround(0.6 * x));
        tf.tidy(() => variable.assign(tf.tensor(Float32Array.from(data), variable.shape)));
        weights.set(name, { shape: variable.shape, data });
      }
    }
  });

  const vectors = (): RequestVectors => ({
    contextual: context.map((own) => tf.tensor2d(own)),
    ids: tf.tensor2d(ids),
    features: tf.tensor2d(features),
    actions: masks,
    layout: requestLayout(eventOffsets, rowOffsets, times, { contextual: 2, perEvent: form === 'sum' ? 1 : 2 }),
  });
  const expected = (w: Weights): number[][] =>
    candidates.flatMap((own, b) => {
      const request: PlainRequest = {
        contextual: context.map((of) => of[b]),
        events: Array.from({ length: events[b] }, (_, k) => {
          const e = eventOffsets[b] + k;
          return { id: ids[e], features: features[e], mask: masks[e], time: times.events[e] };
        }),
        time: times.requests[b],
      };
      return Array.from({ length: own }, (_, r) => {
        const at = count + rowOffsets[b] + r;
        return plainLogits(w, plain, request, { id: ids[at], features: features[at] });
      });
    });

  it.each([true, false])('has the logits of the formula in float64, all tokens at once: %s', (training) => {
    const logits = tf.tidy(() => net.logits(vectors(), { training, step: 0, seed: 0 }).arraySync());
    const formula = expected(weights);
    const largest = Math.max(...formula.flat().map(Math.abs));
    for (const [r, row] of formula.entries()) {
      for (const [l, logit] of row.entries()) expect(Math.abs(logits[r][l] - logit)).toBeLessThan(1e-5 * largest);
    }
  });

  it('has the gradients of finite differences in float64', () => {
    const cotangent = drawn('cotangent', asked, 2);
    const loss = (): number =>
      expected(weights).reduce((sum, row, r) => sum + row.reduce((own, z, l) => own + z * cotangent[r][l], 0), 0);
    const variables = net.layers.flatMap((layer) => layer.names.map((own) => layer.weight(own)));
    const { value, grads } = tf.variableGrads(
      () =>
        tf.sum(
          tf.mul(net.logits(vectors(), { training: true, step: 0, seed: 0 }), tf.tensor2d(cotangent)),
        ) as tf.Scalar,
      variables,
    );
    for (const [n, [name, { data }]] of [...weights].entries()) {
      const got = grads[variables[n].name].dataSync();
      // One number of each weight: all of them are compared with the reference's, in `golden`.
      for (const i of [Math.floor(data.length / 2)]) {
        const at = data[i];
        const [up, down] = [1e-5, -1e-5].map((step) => {
          data[i] = at + step;
          return loss();
        });
        data[i] = at;
        const largest = Math.max(...got.map(Math.abs));
        expect(Math.abs(got[i] - (up - down) / 2e-5), `${name} ${i}`).toBeLessThan(3e-5 * largest + 3e-5);
      }
    }
    tf.dispose([value, grads]);
  });
});
