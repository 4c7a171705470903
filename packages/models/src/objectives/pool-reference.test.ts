import { shuffle, streamKey } from '@seqrec/core';
import { makeBatch, type SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { uploadBatch } from '../inputs.ts';
import { createModel } from '../registry.ts';
import { tinyConfigs, tinyTrain } from '../test-support/tiny.ts';
import type { ObjectiveConfigInput, PoolSoftmaxConfig } from './config.ts';
import { createObjective } from './create.ts';
import { cutBatch } from './cuts.ts';
import { exactFrequencies, sketchFrequencies } from './frequencies.ts';
import { type LabelledPairs, samplePairs } from './labels.ts';
import { meanLoss } from './objective.ts';
import { drawnValues } from './pairs.ts';
import { parseObjectiveConfig } from './registry.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const NUM_ITEMS = 20;
const examples = tinyTrain();
const run = { training: false, step: 4, seed: 2 };
const sketch = { depth: 2, width: 11 };

interface Problem {
  readonly pairs: LabelledPairs;
  readonly host: SequenceBatch;
  /** One vector a pair. */
  readonly queries: readonly (readonly number[])[];
  readonly items: readonly (readonly number[])[];
  readonly temperature: number;
  readonly pool: { readonly inBatch: readonly number[]; readonly random: readonly number[] };
  readonly share?: (item: number) => number;
  readonly weighting: 'token' | 'user';
  readonly form?: PoolSoftmaxConfig['logQForm'];
}

/**
 * Equation 1 of the paper in float64, pair by pair: scores `<u, p> / temperature - log Q(p)`, the label
 * against what the pool holds besides the user's own labels; then the mean over pairs, or over users of
 * the means over their pairs.
 */
function reference({ pairs, host, queries, items, temperature, pool, share, weighting, form }: Problem): number {
  const { rows, positives, sequences, weights } = pairs;
  const [sums, totals] = [new Map<number, number>(), new Map<number, number>()];
  for (let p = 0; p < rows.length; p++) {
    const user = host.users[sequences[p]];
    const own = new Set<number>();
    for (let b = 0; b < host.users.length; b++) {
      if (host.users[b] !== user) continue;
      for (let t = host.offsets[b]; t < host.offsets[b + 1]; t++) own.add(host.targets[t]);
    }
    const score = (item: number): number => {
      const product = queries[p].reduce((sum, value, d) => sum + value * items[item][d], 0) / temperature;
      if (share === undefined) return product;
      return product - Math.log(pool.inBatch.length * share(item) + pool.random.length / NUM_ITEMS);
    };
    const all = [...pool.inBatch, ...pool.random];
    const negatives = all.filter((item) => !own.has(item)).map(score);
    const expected = (item: number): number =>
      share === undefined ? 0 : pool.inBatch.length * share(item) + pool.random.length / NUM_ITEMS;
    const plain = score(positives[p]) + (share === undefined ? 0 : Math.log(expected(positives[p])));
    const label = form === undefined || form === 'both' ? score(positives[p]) : plain;
    let loss = Math.log(negatives.reduce((sum, value) => sum + Math.exp(value - label), 1));
    if (form === 'corrected') {
      // Q'_j = E_j / n / (1 - Q(own)).
      const left = 1 - [...own].reduce((sum, item) => sum + expected(item), 0) / all.length;
      const others = negatives.reduce((sum, value) => sum + Math.exp(value) * all.length * left, 0);
      const rightly = Math.exp(label) / (Math.exp(label) + others / negatives.length);
      loss = negatives.length === 0 ? 0 : -(1 - rightly) * Math.log(Math.exp(label) / others);
    }
    const group = weighting === 'user' ? user : 0;
    sums.set(group, (sums.get(group) ?? 0) + weights[p] * loss);
    totals.set(group, (totals.get(group) ?? 0) + weights[p]);
  }
  const means = [...sums].map(([group, sum]) => sum / totals.get(group)!);
  return means.reduce((sum, value) => sum + value, 0) / means.length;
}

const negatives = {
  'in-batch': { kind: 'in-batch', inBatch: 50 },
  'in-batch, capped': { kind: 'in-batch', inBatch: 6 },
  random: { kind: 'random', random: 9 },
  mixed: { kind: 'mixed', inBatch: 7, random: 9 },
} as const;
const labels = {
  'next-item': { kind: 'next-item' },
  sasrec: { kind: 'sasrec', cut: 'random' },
  dense: { kind: 'dense-all-action', cut: 'random', maxLabels: 3 },
} as const;

const cases = Object.keys(negatives).flatMap((pool) =>
  (['none', 'exact', 'sketch'] as const).flatMap((logQ) =>
    Object.keys(labels).flatMap((label) =>
      (['token', 'user'] as const).flatMap((weighting) =>
        ([undefined, 'negatives', 'corrected'] as const)
          .filter((form) => form === undefined || logQ !== 'none')
          .map((form) => ({ pool, logQ, form, label, weighting })),
      ),
    ),
  ),
);

it.each(cases)('$pool, logQ $logQ $form, $label labels, $weighting weighting: the loss of float64', (each) => {
  const config = parseObjectiveConfig({
    kind: 'pool-softmax',
    negatives: negatives[each.pool as keyof typeof negatives],
    logQ: each.logQ,
    ...(each.logQ === 'sketch' && { sketch }),
    ...(each.form && { logQForm: each.form }),
    labels: labels[each.label as keyof typeof labels],
    weighting: each.weighting,
    temperature: 0.2,
  } as ObjectiveConfigInput) as PoolSoftmaxConfig;
  const model = createModel(tinyConfigs.pinnerformer, { numItems: NUM_ITEMS, seed: 1 });
  model
    .variables()
    .get('temperature.theta')!
    .assign(tf.tensor1d([0.3]));
  // The first user is there twice.
  const host = makeBatch(examples, [1, 4, 1, 6]);
  const batch = uploadBatch(host);
  const objective = createObjective(config, examples);
  const drawn = objective.draw?.({ batch: host, numItems: NUM_ITEMS, run }) ?? {};
  const ours = tf.tidy(() => meanLoss(objective.loss({ model, batch, drawn, run })).dataSync()[0]);

  const pairs = samplePairs(host, config.labels, run);
  const cut = pairs.cuts && cutBatch(host, pairs.cuts);
  const seen = uploadBatch(cut?.batch ?? host);
  const vectors = tf.tidy(() => model.encode(seen, run).arraySync());
  const items = tf.tidy(() => model.itemVectors().arraySync());
  const most = config.negatives.kind === 'random' ? 0 : config.negatives.inBatch;
  const order = shuffle(streamKey(run.seed, 'pool'), run.step, pairs.positives.length);
  const kept =
    pairs.positives.length <= most ? [...pairs.positives] : [...order.subarray(0, most)].map((p) => pairs.positives[p]);
  const share = {
    none: undefined,
    exact: exactFrequencies(examples, config.labels),
    sketch: sketchFrequencies(examples, sketch, config.labels),
  }[config.logQ];
  const expected = reference({
    pairs,
    host,
    queries: Array.from(pairs.rows, (row, p) => vectors[row - (cut?.shifts[pairs.sequences[p]] ?? 0)]),
    items,
    temperature: 0.01 + (0.2 - 0.01) * Math.exp(0.3),
    pool: { inBatch: kept, random: [...drawnValues(drawn.negatives)] },
    ...(share && { share: share.share }),
    weighting: config.weighting,
    form: config.logQForm,
  });
  expect(ours).toBeCloseTo(expected, 4);
  tf.dispose(drawn);
  batch.dispose();
  seen.dispose();
  model.dispose();
});
