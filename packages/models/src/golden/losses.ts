import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { size } from '../config/fields.ts';
import { gbceBeta, generalisedBce } from '../objectives/functions/gbce.ts';
import { sampledSoftmax } from '../objectives/functions/logq.ts';
import { compareGradients, compareTensors } from './compare.ts';
import { checkedFields, type GoldenFile, type GoldenTensor, goldenTensor, tensorOf } from './file.ts';
import { float32Tolerance, type GoldenReport, goldenReport } from './report.ts';

const fileSchema = z.object({
  config: z.object({ gbceT: z.array(z.number()), negatives: size, items: size }),
  inputs: z.record(z.string(), goldenTensor),
  outputs: z.record(z.string(), z.number()),
  inputGradients: z.record(z.string(), goldenTensor),
});

/** The loss of every position, `[P]`, from its logits `[P, width]`. */
type PositionLosses = (logits: tf.Tensor2D) => tf.Tensor1D;

interface Form {
  readonly logits: GoldenTensor;
  readonly losses: PositionLosses;
  /** Which positions the weighted sum is divided by: those with an item, or those with a loss above 0. */
  readonly over: 'items' | 'losses';
}

/**
 * Softmax, sampled softmax, BCE and gBCE of RecTools beside ours, on given logits with weights. Its means are over
 * positions with a loss above 0 for the softmaxes, over positions with an item for the others.
 */
export async function checkLosses(json: GoldenFile): Promise<GoldenReport> {
  const { config, inputs, outputs, inputGradients } = checkedFields(fileSchema, json);
  const y = tensorOf(inputs, 'y').data;
  const weights = tensorOf(inputs, 'w').data.map((weight, p) => (y[p] === 0 ? 0 : weight));
  const logits = tensorOf(inputs, 'logits');
  const forms: Record<string, Form> = {
    softmax: { logits: tensorOf(inputs, 'catalogueLogits'), losses: (x) => softmaxOf(x, y), over: 'losses' },
    sampledSoftmax: { logits, losses: (x) => sampledSoftmax(sampled(x)), over: 'losses' },
    bce: { logits, losses: (x) => generalisedBce(sampled(x)), over: 'items' },
  };
  for (const t of config.gbceT) {
    const beta = gbceBeta(t, config.negatives, config.items);
    forms[`gbce_t${t}`] = { logits, losses: (x) => generalisedBce(sampled(x), beta), over: 'items' };
  }
  const got: Record<string, number> = {};
  const slopes: Record<string, ArrayLike<number>> = {};
  for (const [name, form] of Object.entries(forms)) {
    const { data, shape } = form.logits;
    const x = tf.tensor2d(data, [y.length, shape[shape.length - 1]]);
    const each = tf.tidy(() => form.losses(x));
    const losses = await each.data();
    const counted = y.filter((item, p) => (form.over === 'items' ? item !== 0 : losses[p] * weights[p] > 0)).length;
    const { value, grad } = tf.valueAndGrad((values: tf.Tensor) =>
      tf.div(tf.sum(tf.mul(form.losses(values as tf.Tensor2D), weights)), counted),
    )(x);
    [got[name]] = await value.data();
    slopes[name] = await grad.data();
    tf.dispose([x, each, value, grad]);
  }
  const errors = await compareTensors(outputs, got);
  return goldenReport(
    json.name,
    { outputs: errors, gradients: await compareGradients(inputGradients, slopes) },
    float32Tolerance(),
  );
}

/** Scores of the positive, in front, and of the negatives. */
function sampled(logits: tf.Tensor2D): { positive: tf.Tensor1D; negative: tf.Tensor2D } {
  const [positions] = logits.shape;
  return {
    positive: tf.reshape(tf.slice(logits, [0, 0], [positions, 1]), [positions]),
    negative: tf.slice(logits, [0, 1]),
  };
}

/** Cross-entropy over all columns, also that of padding, as RecTools has it. */
function softmaxOf(logits: tf.Tensor2D, y: readonly number[]): tf.Tensor1D {
  const own = tf.sum(tf.mul(logits, tf.oneHot(tf.tensor1d([...y], 'int32'), logits.shape[1])), 1);
  return tf.sub(tf.logSumExp(logits, 1), own) as tf.Tensor1D;
}
