import { useBackend } from '@seqrec/core';
import { byRequest, dlrmWorld, type ExampleSet, makeBatch, type SequenceBatch, takeExamples } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hstuBlocks } from '../../encoders/hstu/blocks.ts';
import { HstuLayer } from '../../encoders/hstu/layer.ts';
import { fitFields } from '../../features/fit-fields.ts';
import { uploadBatch } from '../../inputs.ts';
import type { Ranker } from '../../model.ts';
import { createModel } from '../../registry.ts';
import { type HstuRankerConfigInput, hstuRankerConfigSchema } from './config.ts';

const INFERENCE = { training: false, step: 0, seed: 0 };
const { split } = dlrmWorld({
  ...{ users: 12, items: 96, seed: 3, steps: 8, categories: 4, eventsPerStep: 7, candidates: 4, testCandidates: 9 },
  ...{ trainShare: 0.75, validationSteps: 0 },
});
const { train, test } = split;
const { numUsers, numItems } = test.interactions;
const small = {
  ...{ embeddingDim: 16, tableDim: 8, userHistory: { maxEvents: 25 }, numBlocks: 2, numHeads: 2, dqk: 8, dv: 8 },
  ...{ preprocessorHidden: 16, towerHidden: 16, headHidden: 16, positionBuckets: 40, ageBuckets: 8 },
  ...{
    features: ['category'],
    minHistoryForContext: 3,
    actions: { kind: 'ratings' as const, bounds: [1, 2, 3, 4, 5] },
  },
};
const forms: Readonly<Record<string, Partial<HstuRankerConfigInput>>> = {
  sum: {},
  interleave: { form: 'interleave' },
  'softmax, causal context, window': { attention: 'softmax', contextSees: 'earlier', maxAttentionLength: 9 },
  'timestamp norm, time of the history': { postNorm: 'timestamp', queryTime: 'history', outputNorm: 'group' },
};

function makeRanker(own: Partial<HstuRankerConfigInput>): Ranker {
  const config = hstuRankerConfigSchema.parse({ kind: 'hstu-ranker', ...small, ...own });
  const features = fitFields(config, train);
  const model = createModel(config, { numUsers, numItems, labels: 2, features, seed: 5 }) as Ranker;
  // Gains and tables as after training: what starts at zero or one would hide what depends on it.
  for (const [i, weight] of [...model.variables().values()].entries()) {
    tf.tidy(() => weight.assign(tf.add(weight, tf.randomNormal(weight.shape, 0, 0.3, 'float32', i))));
  }
  return model;
}

/** Logits of the rows of a batch, `[R][L]`. */
function logitsOf(model: Ranker, batch: SequenceBatch, run = INFERENCE): number[][] {
  const uploaded = uploadBatch(batch);
  const logits = tf.tidy(() => model.logits(uploaded, run).arraySync());
  uploaded.dispose();
  return logits;
}

/** Some rows of the test set as they are read: their logits by the row. */
function scored(model: Ranker, rows: readonly number[], set: ExampleSet = test): Map<number, number[]> {
  const requests = byRequest(takeExamples(set, Int32Array.from(rows)), model.requests);
  const batch = makeBatch(requests, [...requests.targets.keys()], model.columns);
  const logits = logitsOf(model, batch);
  return new Map(rows.map((row, at) => [row, logits[at]]));
}

/** Rows of one request of the test part, and those of another user. */
const request = Array.from(test.targets.keys())
  .filter((e) => test.users[e] === test.users[20])
  .slice(0, 9);
const others = Array.from(test.targets.keys())
  .filter((e) => test.users[e] !== test.users[20])
  .slice(0, 30);

beforeAll(async () => {
  await useBackend('auto');
});

describe.each(Object.entries(forms))('%s: a score does not move by a bit', (_, own) => {
  let model: Ranker;
  let alone: Map<number, number[]>;
  beforeAll(() => {
    model = makeRanker(own);
    alone = scored(model, request);
    expect(new Set([...alone.values()].flat()).size).toBeGreaterThan(10);
  });
  afterAll(() => model.dispose());

  it('with the order of candidates, their number, and other candidates', () => {
    const reversed = scored(model, [...request].reverse());
    const fewer = scored(model, request.slice(3, 5));
    for (const row of request) expect(reversed.get(row)).toEqual(alone.get(row));
    for (const [row, logits] of fewer) expect(logits).toEqual(alone.get(row));
    for (const row of request) expect(scored(model, [row]).get(row)).toEqual(alone.get(row));
  });

  it('with other sequences of the batch, and with rows that are no requests', () => {
    const among = scored(model, [...others.slice(0, 10), ...request, ...others.slice(10)]);
    for (const row of request) expect(among.get(row)).toEqual(alone.get(row));
    // A row a sequence, its history cut as requests are.
    const cut = byRequest(test, { maxHistory: 25 });
    expect(cut.rows.offsets.at(-1)).toBe(test.targets.length);
    const { rows: _rows, ...plain } = byRequest(takeExamples(test, Int32Array.of(request[4])), { maxHistory: 25 });
    expect(logitsOf(model, makeBatch(plain, [0], model.columns))[0]).toEqual(alone.get(request[4]));
  });

  it('with its own rating and label, those of other candidates, and all that comes later', () => {
    const changed = changedFrom(test, Math.min(...request.map((e) => test.interactions.timestamps[test.targets[e]])));
    const after = scored(model, request, changed);
    for (const row of request) expect(after.get(row)).toEqual(alone.get(row));
  });

  it('with events that are older than what is read', () => {
    const [user] = [test.users[request[0]]];
    const changed = withEvents(test, (event) => {
      const newest = test.events!.offsets[request[0]] + test.targets[request[0]] - test.starts[request[0]];
      const read = test.events!.indices.subarray(Math.max(0, newest - 25), newest);
      const { userOffsets } = test.interactions;
      return event >= userOffsets[user] && event < read[0];
    });
    const after = scored(model, request, changed);
    for (const row of request) expect(after.get(row)).toEqual(alone.get(row));
  });

  it('but moves with the rating of an event of the history', () => {
    const newest = test.events!.offsets[request[0]] + test.targets[request[0]] - test.starts[request[0]];
    const last = test.events!.indices[newest - 1];
    const after = scored(
      model,
      request,
      withEvents(test, (event) => event === last),
    );
    for (const row of request) expect(after.get(row)).not.toEqual(alone.get(row));
  });

  it('and is what one pass over all tokens gives, but for rounding', () => {
    const undropped = makeRanker({ ...own, inputDropout: 0, linearDropout: 0 });
    const requests = byRequest(test, undropped.requests);
    const batch = makeBatch(requests, [0, 3, 5, 8], undropped.columns);
    const separate = logitsOf(undropped, batch).flat();
    const together = logitsOf(undropped, batch, { ...INFERENCE, training: true }).flat();
    const largest = Math.max(...separate.map(Math.abs));
    for (const [i, logit] of separate.entries()) expect(Math.abs(together[i] - logit)).toBeLessThan(1e-5 * largest);
    undropped.dispose();
  });
});

/** The same set with other ratings and labels from a time on. */
function changedFrom(set: ExampleSet, time: number): ExampleSet {
  return withEvents(set, (event) => set.interactions.timestamps[event] >= time);
}

/** The same set with another rating and label of some events. */
function withEvents(set: ExampleSet, isChanged: (event: number) => boolean): ExampleSet {
  const { interactions } = set;
  const columns = new Map(interactions.events.columns);
  for (const name of ['rating', 'like']) {
    const column = columns.get(name);
    if (column?.kind !== 'number') throw new Error(name);
    columns.set(name, {
      ...column,
      values: column.values.map((x, e) => (isChanged(e) ? (name === 'like' ? 1 - x : 6 - x) : x)),
    });
  }
  const ratings = interactions.ratings!.map((x, e) => (isChanged(e) ? 6 - x : x));
  return { ...set, interactions: { ...interactions, events: { ...interactions.events, columns }, ratings } };
}

describe('planted defects are noticed', () => {
  it('a history that is short by its candidates: scores depend on their number', () => {
    const model = makeRanker({ shortHistoryCounts: 'history-and-candidates', minHistoryForContext: 27 });
    expect(scored(model, request).get(request[0])).not.toEqual(scored(model, [request[0]]).get(request[0]));
    model.dispose();
  });

  it('candidates that see each other', () => {
    const sizes = { embeddingDim: 8, numHeads: 2, dqk: 4, dv: 4, numTimeBuckets: 1, attention: 'silu' as const };
    const stack = [0, 1].map(
      (i) => new HstuLayer({ ...hstuBlocks.production, ...sizes, paddedLength: 7, seed: 1, stream: `planted.${i}` }),
    );
    const rows = (numTargets: number, moved: number): number[][] =>
      tf.tidy(() => {
        const x = tf.tensor2d(
          Array.from({ length: 48 }, (_, i) => Math.sin(i * i) + (i >= 32 && i < 40 ? moved : 0)),
          [6, 8],
        );
        const offsets = tf.tensor1d([0, 6], 'int32');
        const run = { training: false, step: 0, seed: 0, numTargets: [numTargets] };
        return stack.reduce((y, layer) => layer.apply([y, offsets], run) as tf.Tensor2D, x).arraySync();
      });
    // Token 4 moves; token 5 is the candidate after it, or sees it where it is taken for history.
    expect(rows(2, 1)[5]).toEqual(rows(2, 0)[5]);
    expect(rows(1, 1)[5]).not.toEqual(rows(1, 0)[5]);
  });

  it('a history that holds the event itself: the score moves with its own rating', () => {
    const model = makeRanker({});
    const row = request[0];
    const from = test.events!.offsets[row];
    const known = test.events!.indices.slice(from, from + test.targets[row] - test.starts[row]);
    const indices = Int32Array.of(...known, test.targets[row]);
    const leaky: ExampleSet = {
      ...takeExamples(test, Int32Array.of(row)),
      starts: Int32Array.of(test.targets[row] - indices.length),
      events: { offsets: Int32Array.of(0, indices.length), indices },
    };
    const changed = withEvents(leaky, (event) => event === test.targets[row]);
    expect(scored(model, [0], changed).get(0)).not.toEqual(scored(model, [0], leaky).get(0));
    model.dispose();
  });
});

it('scores 2,048 candidates in one pass, with the bits of passes over some of them', () => {
  const model = makeRanker({});
  const requests = byRequest(takeExamples(test, Int32Array.of(request[0])), model.requests);
  const one = makeBatch(requests, [0], model.columns);
  const many = 2048;
  const widened = (count: number): SequenceBatch => ({
    ...one,
    rowOffsets: Int32Array.of(0, count),
    exampleItems: Int32Array.from({ length: count }, (_, i) => 1 + (i % numItems)),
    exampleTimes: new Float64Array(count).fill(one.exampleTimes![0]),
  });
  const all = logitsOf(model, widened(many));
  const some = logitsOf(model, widened(300));
  expect(all.length).toBe(many);
  expect(all.slice(0, 300)).toEqual(some);
  model.dispose();
});
