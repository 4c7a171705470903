import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { size } from '../config/fields.ts';
import { bucketSoftmax, chooseBuckets, coveredRows, mixedCentres } from '../objectives/functions/sce.ts';
import { compareGradients } from './compare.ts';
import { checkedFields, type GoldenFile, goldenTensor, tensorOf } from './file.ts';
import { relativeError } from './relative-error.ts';
import { float32Tolerance, type GoldenReport, goldenReport } from './report.ts';

const fileSchema = z.object({
  config: z.object({
    dim: size,
    buckets: size,
    bucketX: size,
    bucketY: size,
    mix: z.boolean(),
    padding: z.int().min(1),
  }),
  inputs: z.record(z.string(), goldenTensor),
  loss: z.number(),
  inputGradients: z.record(z.string(), goldenTensor),
});

/**
 * Scalable cross-entropy of its authors' code beside ours, on given vectors and random numbers. Of its padding, which
 * ours does not have: rows of padding are mixed into the centres and are in no bucket; rows whose label is padding are
 * in buckets and have no loss; the padding's own item, the last, is in no bucket.
 */
export async function checkSce(json: GoldenFile): Promise<GoldenReport> {
  const { config, inputs, loss, inputGradients } = checkedFields(fileSchema, json);
  const { dim, buckets: count, bucketX, bucketY, mix, padding } = config;
  const labels = Int32Array.from(tensorOf(inputs, 'y').data);
  const real = tensorOf(inputs, 'sequences').data.flatMap((item, row) => (item === padding ? [] : [row]));
  const x = tf.tensor2d(tensorOf(inputs, 'x').data, [labels.length, dim]);
  const items = tf.tensor2d(tensorOf(inputs, 'items').data, [padding + 1, dim]);
  const omega = tensorOf(inputs, 'omega').data;
  const among = { firstItem: 0, lastItem: padding - 1, numRows: bucketX, numItems: bucketY };
  const [centres, queries] = tf.tidy(() => [
    mix ? mixedCentres(tf.tensor2d(omega, [labels.length, count]), x) : tf.tensor2d(omega, [count, dim]),
    tf.gather(x, tf.tensor1d(real, 'int32')),
  ]);
  const chosen = chooseBuckets({ centres, queries, items, ...among });
  const buckets = { ...chosen, rows: chosen.rows.map((rows) => rows.map((row) => real[row])) };
  const covered = coveredRows(buckets, labels.length);
  const weights = Float32Array.from(labels, (item, row) => (item === padding ? 0 : covered[row]));
  const { value, grads } = tf.valueAndGrads((q, e) => {
    const [queries, table] = [q as tf.Tensor2D, e as tf.Tensor2D];
    const positive = tf.sum(tf.mul(queries, tf.gather(table, tf.tensor1d(labels, 'int32'))), 1) as tf.Tensor1D;
    const losses = bucketSoftmax({ queries, items: table, positive, labels }, buckets);
    return tf.div(
      tf.sum(tf.mul(losses, tf.tensor1d(weights))),
      weights.reduce((sum, weight) => sum + weight, 0),
    );
  })([x, items]);
  try {
    const slopes = { x: await grads[0].data(), items: await grads[1].data() };
    const gradients = await compareGradients(inputGradients, slopes);
    const error = relativeError(await value.data(), [loss]);
    return goldenReport(json.name, { loss: error, gradients }, float32Tolerance());
  } finally {
    tf.dispose([x, items, centres, queries, value, grads]);
  }
}
