import { embedding, knownHostValues, rowSet } from '@seqrec/core';
import type { SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { type EncoderBatch, uploadBatch } from '../inputs.ts';
import type { Run } from '../layers/layer.ts';
import { onlyPart } from '../tasks/part.ts';
import { cutBatch } from './cuts.ts';
import { type LabelledPairs, pairWeights } from './labels.ts';
import type { DrawContext, ObjectiveContext, WeightedLoss } from './objective.ts';
import { type LabelSettings, type PartPairs, pairsOf, partPairs } from './part-pairs.ts';
import { scaledQueries } from './temperature.ts';

/** What all objectives do before their loss. */
export interface PairSettings extends LabelSettings {
  readonly temperature: number;
}

/** The pairs of one step on the device; `P` pairs. */
export interface EncodedPairs {
  readonly count: number;
  readonly pairs: LabelledPairs;
  /** Those of the whole batch, of which these may be a part. */
  readonly whole: LabelledPairs;
  /** Float32 `[P, D]`, one row a pair. */
  readonly queries: tf.Tensor2D;
  /** What scores still have to be divided by. */
  readonly temperature: number;
  /** Int32 `[P]`. */
  readonly positives: tf.Tensor1D;
  /** All items, `[I + 1, D]`; those that are named alone, where a model makes them one by one. */
  readonly items: tf.Tensor2D;
  /** The vectors of some items, among those that are named. */
  vectorsOf(ids: Int32Array): tf.Tensor2D;
}

/** True for the reference's choice: every position predicts the next item, every position weighs the same. */
export function isEveryToken({ labels, weighting }: PairSettings): boolean {
  return labels.kind === 'next-item' && labels.minRating === undefined && weighting === 'token';
}

/**
 * The weighted sum of the losses of all pairs: encodes the batch, samples pairs, asks `losses` for a loss of each
 * `[P]`. A batch without pairs has weight 0.
 *
 * @param named the items that `losses` asks for by `vectorsOf`, of the whole batch, so that its parts make the same;
 *   absent: it reads all of them.
 */
export function pairObjectiveLoss(
  context: ObjectiveContext,
  settings: PairSettings,
  losses: (encoded: EncodedPairs, context: ObjectiveContext) => tf.Tensor1D,
  named?: (whole: LabelledPairs) => readonly Int32Array[],
): WeightedLoss {
  const { model, batch, run } = context;
  const { pairs, weights, whole } = pairsOfPart(batch.host, context, settings);
  const { history, rows } = historyOf(pairs, batch);
  const own = whole.cuts === undefined ? run : { ...run, before: tokensBefore(context, whole.cuts) };
  const encoded = scaledQueries(model, model.encode(history, own), settings.temperature);
  const { temperature } = encoded;
  const count = rows.length;
  const some = named && model.itemRows && count > 0 ? rowSet(model.numItems + 1, named(whole)) : undefined;
  const items = (some && model.itemRows?.(some.ids, run)) ?? model.itemVectors(run);
  const vectorsOf = (ids: Int32Array): tf.Tensor2D =>
    embedding(items, tf.tensor1d(some?.indicesOf(ids) ?? ids, 'int32'));
  // Every weight needs a path to the loss, even when it is worth nothing.
  if (count === 0) return { sum: tf.mul(tf.add(tf.sum(encoded.queries), tf.sum(items)), 0) as tf.Scalar, weight: 0 };
  const queries = isEveryToken(settings) ? encoded.queries : embedding(encoded.queries, tf.tensor1d(rows, 'int32'));
  const positives = tf.tensor1d(pairs.positives, 'int32');
  const perPair = losses({ count, pairs, whole, queries, temperature, positives, items, vectorsOf }, context);
  if (isEveryToken(settings)) return { sum: tf.sum(perPair) as tf.Scalar, weight: count };
  const sum = tf.sum(tf.mul(perPair, tf.tensor1d(weights))) as tf.Scalar;
  return { sum, weight: total(weights) };
}

/**
 * The user vectors of all pairs of the batch of which a part is computed, `[P, D]`: encoded once more, as the parts
 * encode it, and without a gradient. The caller disposes it.
 */
export function queriesOfWhole({ model, part, run }: ObjectiveContext, settings: LabelSettings): tf.Tensor2D {
  if (part === undefined) throw new Error('queriesOfWhole: expected a part of a batch; got a whole one');
  const { before: _, ...own } = run;
  const batch = uploadBatch(part.whole);
  // What runs inside a function with a gradient of its own is not taped.
  const unrecorded = tf.customGrad(() => {
    const { history, rows } = historyOf(pairsOf(part.whole, settings, run), batch);
    return { value: embedding(model.encode(history, own), tf.tensor1d(rows, 'int32')), gradFunc: () => [] };
  });
  const queries = unrecorded() as tf.Tensor2D;
  batch.dispose();
  return queries;
}

/** The pairs of what a context calls its batch. */
export function pairsOfPart(
  host: SequenceBatch,
  { part = onlyPart(host), run }: Pick<DrawContext, 'part' | 'run'>,
  settings: LabelSettings,
): PartPairs {
  return partPairs(host, part, settings, run);
}

/** What the pairs of a whole batch weigh together. */
export function weightOfPairs(whole: SequenceBatch, settings: LabelSettings, run: Run): number {
  return total(pairWeights(pairsOf(whole, settings, run), whole.users, settings.weighting));
}

function total(weights: Float32Array): number {
  return weights.reduce((sum, weight) => sum + weight, 0);
}

/** Tokens that the histories of the sequences before a part have, once they are cut. */
function tokensBefore({ part }: ObjectiveContext, cuts: Int32Array): Run['before'] {
  if (part === undefined || part.firstSequence === 0) return undefined;
  const { offsets } = part.whole;
  let tokens = 0;
  for (let b = 0; b < part.firstSequence; b++) tokens += Math.min(cuts[b] + 1, offsets[b + 1]) - offsets[b];
  return { sequences: part.firstSequence, tokens };
}

/** What the encoder sees, and the rows of the pairs in it. */
function historyOf(
  { rows, sequences, cuts, hidden }: LabelledPairs,
  batch: EncoderBatch,
): { readonly history: EncoderBatch; readonly rows: Int32Array } {
  if (hidden !== undefined) return { history: { ...batch, hidden }, rows };
  if (cuts === undefined) return { history: batch, rows };
  const cut = cutBatch(batch.host, cuts);
  return { history: uploadBatch(cut.batch), rows: rows.map((row, p) => row - cut.shifts[sequences[p]]) };
}

/** Score of each pair's positive, divided by the temperature; `[P]`. */
export function positiveScores({ queries, pairs, temperature, vectorsOf }: EncodedPairs): tf.Tensor1D {
  const products = tf.sum(tf.mul(queries, vectorsOf(pairs.positives)), 1);
  return tf.div(products, temperature) as tf.Tensor1D;
}

/** The settings of an objective as one flat record, nested keys dotted: what a checkpoint compares. */
export function flatSettings(config: object, prefix = ''): Record<string, number | string | boolean> {
  return Object.fromEntries(
    Object.entries(config).flatMap(([key, value]) =>
      typeof value === 'object' && value !== null
        ? Object.entries(flatSettings(value, `${prefix}${key}.`))
        : value === undefined
          ? []
          : [[prefix + key, value as number | string | boolean]],
    ),
  );
}

/** The ids of a drawn tensor on the host, where they come from. */
export function drawnValues(ids: tf.Tensor): Int32Array {
  return (knownHostValues(ids) ?? ids.dataSync()) as Int32Array;
}
