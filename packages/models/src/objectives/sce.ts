import { normals, streamKey } from '@seqrec/core';
import type { SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import type { SceConfig } from './config.ts';
import {
  type Buckets,
  bucketSoftmax,
  bucketsWithin,
  chooseBuckets,
  coveredRows,
  mixedCentres,
} from './functions/sce.ts';
import { pairWeights } from './labels.ts';
import type { Objective, ObjectiveContext } from './objective.ts';
import {
  type EncodedPairs,
  flatSettings,
  pairObjectiveLoss,
  pairsOfPart,
  positiveScores,
  queriesOfWhole,
  weightOfPairs,
} from './pairs.ts';
import type { LabelSettings } from './part-pairs.ts';

type Settings = Omit<SceConfig, 'kind' | 'actionWeight'>;

/**
 * Scalable cross-entropy: the softmax of each label over the items of buckets, see {@link bucketSoftmax}. A bucket has
 * a random centre and takes the `bucketPairs` pairs and the `bucketItems` items with the largest products with it.
 *
 * Centres are normal vectors, or with `mix` normal mixtures of the user vectors of the batch, from the stream `buckets`
 * at the global step. Buckets are those of the whole batch: a part of one encodes the batch once more, without
 * gradients. Time: `N P D + N I D` for the choice and `N bucketPairs bucketItems D` for the scores, times a few.
 *
 * Source: Mezentsev et al. 2024 (RecSys, arXiv:2409.18721). Differs from its code in: there are no padding rows, which
 * its mixtures contain; a pair in a bucket counts also when its loss is exactly 0.
 */
export function sceObjective(config: Settings): Objective {
  return {
    name: 'sce',
    settings: flatSettings(config),
    weightOf: (whole, run) => weightOfPairs(whole, config, run),
    loss: (context) =>
      pairObjectiveLoss(context, config, (encoded) => {
        const { count, pairs, queries, items, temperature } = encoded;
        const { firstPair } = pairsOfPart(context.batch.host, context, config);
        const { buckets, scale } = bucketsOf(context, encoded, config);
        const scores = {
          queries: tf.div(queries, temperature) as tf.Tensor2D,
          items,
          positive: positiveScores(encoded),
          labels: pairs.positives,
        };
        return tf.mul(bucketSoftmax(scores, bucketsWithin(buckets, firstPair, count)), scale);
      }),
  };
}

interface StepBuckets {
  /** Rows are pairs of the whole batch. */
  readonly buckets: Buckets;
  /** What makes a mean over all pairs one over what `average` says. */
  readonly scale: number;
}

/** The buckets of a batch whose parts are computed one after the other. */
const remembered = new WeakMap<SequenceBatch, { readonly key: string; readonly step: StepBuckets }>();

function bucketsOf(context: ObjectiveContext, encoded: EncodedPairs, config: Settings): StepBuckets {
  const { batch, part, run } = context;
  const { pairs, whole } = encoded;
  if (part === undefined || pairs === whole) return bucketsAmong(encoded.queries, context, encoded, config);
  const key = JSON.stringify([run.seed, run.step, run.training]);
  const last = part.firstSequence + batch.host.offsets.length === part.whole.offsets.length;
  let known = remembered.get(part.whole);
  if (known?.key !== key || part.firstSequence === 0) {
    const queries = queriesOfWhole(context, config);
    known = { key, step: bucketsAmong(queries, context, encoded, config) };
    queries.dispose();
    remembered.set(part.whole, known);
  }
  if (last) remembered.delete(part.whole);
  return known.step;
}

/** @param queries of all pairs of the batch. */
function bucketsAmong(
  queries: tf.Tensor2D,
  { model, batch, part, run }: ObjectiveContext,
  { whole, items }: EncodedPairs,
  config: Settings,
): StepBuckets {
  const [count, width] = queries.shape;
  const square = Math.max(1, Math.round(2 * Math.sqrt(count)));
  const { buckets: number = square, bucketPairs = square, bucketItems, mix } = config;
  const drawn = (rows: number, columns: number): tf.Tensor2D =>
    tf.tensor2d(Float32Array.from(normals(streamKey(run.seed, 'buckets'), run.step, rows * columns)), [rows, columns]);
  const centres = tf.tidy(() => (mix ? mixedCentres(drawn(count, number), queries) : drawn(number, width)));
  const limits = { firstItem: 1, lastItem: model.numItems, numRows: bucketPairs, numItems: bucketItems };
  const buckets = chooseBuckets({ centres, queries, items, ...limits });
  centres.dispose();
  if (config.average === 'all') return { buckets, scale: 1 };
  const weights = pairWeights(whole, (part?.whole ?? batch.host).users, (config as LabelSettings).weighting);
  const covered = coveredRows(buckets, count);
  const [all, own] = [total(weights), total(weights.map((weight, p) => weight * covered[p]))];
  return { buckets, scale: own > 0 ? all / own : 0 };
}

function total(weights: Float32Array): number {
  return weights.reduce((sum, weight) => sum + weight, 0);
}
