import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { GoldenError } from '../errors.ts';
import { loadParameters } from '../parameters.ts';
import { createModel } from '../registry.ts';
import { createScorer } from '../serve/create-scorer.ts';
import type { Scorer } from '../serve/scorer.ts';
import { checkedFields, float32Deviation, type GoldenFile, type GoldenTensor, goldenTensor, tensorOf } from './file.ts';
import { relativeError } from './relative-error.ts';
import { float32Tolerance, type GoldenReport, goldenReport } from './report.ts';

const size = z.int().min(1);
const fileSchema = z.object({
  config: z.object({
    numItems: size,
    embeddingDim: size,
    maxSequenceLength: size,
    outputLength: size,
    numBlocks: size,
    numHeads: size,
    dqk: size,
    dv: size,
    paddedLength: size,
    requestGaps: z.array(z.number().min(0)),
    candidates: z.array(size),
    candidateLengths: z.array(size),
  }),
  inputs: z.object({ ids: goldenTensor, times: goldenTensor }),
  parameters: z.record(z.string(), goldenTensor),
  outputs: z.object({
    candidateRows: goldenTensor,
    last: goldenTensor,
    rowsOfFullHistory: goldenTensor,
    scores: goldenTensor,
  }),
  float32Deviation,
});
type File = z.output<typeof fileSchema>;

/**
 * Every prefix of a history asked for at several moments, by a scorer that is given the events one by one, in the order
 * of the file and again after others; candidates after some prefixes, in blocks. Scores are products with the item
 * table itself.
 */
export async function checkHstuRequests(json: GoldenFile): Promise<GoldenReport> {
  const file = checkedFields(fileSchema, json);
  const { config, parameters } = file;
  if (config.paddedLength !== config.maxSequenceLength + config.outputLength) {
    throw new GoldenError(
      `golden: ${json.name}: expected paddedLength = maxSequenceLength + outputLength; got ${config.paddedLength}`,
    );
  }
  const { embeddingDim, maxSequenceLength, outputLength, numBlocks, numHeads, dqk, dv, numItems } = config;
  const sizes = { embeddingDim, maxSequenceLength, outputLength, numBlocks, numHeads, dqk, dv };
  const model = createModel({ kind: 'hstu', ...sizes, inputDropout: 0, linearDropout: 0 }, { numItems, seed: 0 });
  try {
    loadParameters(model, parameters);
    const table = model.itemTable();
    const errors: Record<string, number> = {};
    for (const microbatch of [1, 2, 256]) {
      const scorer = createScorer(model, { microbatch, pageTokens: microbatch });
      try {
        const found = await compare(file, scorer, table);
        for (const [name, error] of Object.entries(found)) errors[name] = Math.max(errors[name] ?? 0, error);
      } finally {
        scorer.dispose();
      }
    }
    return goldenReport(json.name, { outputs: errors }, float32Tolerance(file.float32Deviation));
  } finally {
    model.dispose();
  }
}

async function compare(file: File, scorer: Scorer, table: tf.Tensor2D): Promise<Record<string, number>> {
  const { config, inputs, outputs } = file;
  const { requestGaps: gaps, candidates, candidateLengths, embeddingDim: d, numItems } = config;
  const ids = tensorOf(inputs, 'ids').data;
  const times = tensorOf(inputs, 'times', [ids.length]).data;
  const shaped = (name: keyof typeof outputs, shape: number[]): GoldenTensor['data'] =>
    tensorOf(outputs, name, shape).data as unknown as GoldenTensor['data'];
  const expected = {
    last: shaped('last', [ids.length, gaps.length, d]),
    scores: shaped('scores', [ids.length, gaps.length, numItems]),
    rows: shaped('rowsOfFullHistory', [gaps.length, ids.length, d]),
    candidates: shaped('candidateRows', [candidateLengths.length, gaps.length, candidates.length, d]),
  };
  const got = {
    last: new Float32Array(expected.last.length),
    scores: new Float32Array(expected.scores.length),
    // A settled row is that of the moment of the next event; only the newest depends on the gap.
    rows: new Float32Array(expected.rows.length),
    candidates: new Float32Array(expected.candidates.length),
  };
  const user = 'of the file';
  for (let i = 0; i < ids.length; i++) {
    await scorer.append({ user, events: [{ item: ids[i], time: times[i] }] });
    const at = gaps.map((gap) => times[i] + gap);
    // The moments out of order, and the first once more: an answer leaves nothing behind.
    for (const g of [...gaps.keys()].reverse()) await scorer.encode({ user, at: at[g] });
    const vectors = await scorer.encode(...at.map((moment) => ({ user, at: moment })));
    for (const [g, vector] of vectors.entries()) {
      got.last.set(vector, (i * gaps.length + g) * d);
      got.scores.set(products(vector, table), (i * gaps.length + g) * numItems);
    }
    if (i === ids.length - 1)
      for (const [g, vector] of vectors.entries()) got.rows.set(vector, (g * ids.length + i) * d);
    else {
      const [settled] = await scorer.encode({ user, at: times[i + 1] });
      for (const g of gaps.keys()) got.rows.set(settled, (g * ids.length + i) * d);
    }
    const place = candidateLengths.indexOf(i + 1);
    for (const g of place < 0 ? [] : gaps.keys()) {
      const rows = await scorer.encodeCandidates({ user, at: at[g], candidates: Int32Array.from(candidates) });
      got.candidates.set(rows, (place * gaps.length + g) * candidates.length * d);
    }
  }
  return {
    last: relativeError(got.last, expected.last),
    scores: relativeError(got.scores, expected.scores),
    rowsOfFullHistory: relativeError(got.rows, expected.rows),
    candidateRows: relativeError(got.candidates, expected.candidates),
  };
}

/** Of a vector and every row of the table but the first. */
function products(vector: Float32Array, table: tf.Tensor2D): Float32Array {
  return tf.tidy(() => {
    const items = tf.slice(table, [1, 0], [-1, -1]);
    return tf
      .matMul(tf.tensor2d(vector, [1, vector.length]), items, false, true)
      .dataSync()
      .slice() as Float32Array;
  });
}
