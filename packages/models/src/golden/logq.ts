import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import {
  correctedLogQSoftmax,
  logQSoftmax,
  logShares,
  type SampledScores,
  sampledSoftmax,
} from '../objectives/functions/logq.ts';
import { compareTensors } from './compare.ts';
import { checkedFields, type GoldenFile, goldenTensor, tensorOf } from './file.ts';
import { float32Tolerance, type GoldenReport, goldenReport } from './report.ts';

const fileSchema = z.object({
  inputs: z.record(z.string(), goldenTensor),
  outputs: z.object({ plain: z.number(), old: z.number(), new: z.number() }),
  inputGradients: z.record(z.string(), z.record(z.string(), goldenTensor)),
});

/**
 * The three forms of sampled softmax beside ours, on given scores: means over the rows, and gradients of the scores.
 */
export async function checkLogQ(json: GoldenFile): Promise<GoldenReport> {
  const { inputs, outputs, inputGradients } = checkedFields(fileSchema, json);
  const { shape, data: negatives } = tensorOf(inputs, 'negatives');
  const [rows, columns] = shape;
  const { data: positives } = tensorOf(inputs, 'positives', [rows]);
  const { data: counts } = tensorOf(inputs, 'counts');
  const matrix = (values: Float32Array): tf.Tensor2D => tf.tensor2d(values, [rows, columns]);
  const valid = tf.tensor2d(
    negatives.map((item, at) => item !== positives[Math.floor(at / columns)]),
    [rows, columns],
    'bool',
  );
  const all = matrix(logShares(counts, negatives));
  const others = matrix(logShares(counts, negatives, positives));
  const positive = tf.tensor1d(tensorOf(inputs, 'positiveScores', [rows]).data);
  const negative = tf.tensor2d(tensorOf(inputs, 'negativeScores', shape).data, [rows, columns]);
  const forms: Record<keyof typeof outputs, (scores: SampledScores) => tf.Tensor1D> = {
    plain: sampledSoftmax,
    old: (scores) => logQSoftmax(scores, all),
    new: (scores) => correctedLogQSoftmax(scores, others),
  };
  const errors: Record<string, number> = {};
  const gradients: Record<string, number> = {};
  try {
    for (const [name, form] of Object.entries(forms)) {
      const { value, grads } = tf.valueAndGrads((p, n) =>
        tf.mean(form({ positive: p as tf.Tensor1D, negative: n as tf.Tensor2D, valid })),
      )([positive, negative]);
      const [positiveScores, negativeScores] = grads;
      Object.assign(errors, await compareTensors({ [name]: outputs[name as keyof typeof outputs] }, { [name]: value }));
      const expected = { [name]: inputGradients[name] ?? {} };
      Object.assign(gradients, await compareTensors(expected, { [name]: { positiveScores, negativeScores } }));
      tf.dispose([value, grads]);
    }
    return goldenReport(json.name, { outputs: errors, gradients }, float32Tolerance());
  } finally {
    tf.dispose([valid, all, others, positive, negative]);
  }
}
