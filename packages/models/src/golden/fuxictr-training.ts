import { AdamW, clipByGlobalNorm } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { weightsOf } from '../rankers/row-model.ts';
import { compareTensors } from './compare.ts';
import { checkedFields, type GoldenFile, type goldenTensor, tensorOf } from './file.ts';
import { type FuxiCtrFile, fieldsOfFile, fuxiCtrFeature } from './fuxictr-file.ts';
import type { FuxiCtrModel } from './fuxictr-model.ts';
import { fuxiCtrModels } from './fuxictr-models.ts';
import { goldenTensors, type Place, setParameters } from './module.ts';
import { float32Tolerance, type GoldenReport, goldenReport } from './report.ts';

const fileSchema = z.object({
  name: z.string(),
  config: z.object({
    model: z.string(),
    features: z.array(fuxiCtrFeature),
    labels: z.tuple([z.string()]),
    maxGradientNorm: z.number().gt(0),
    arguments: z.object({ learning_rate: z.number().min(0) }).loose(),
  }),
  inputs: z.object({ batches: z.array(goldenTensors).min(1) }),
  parameters: goldenTensors,
  outputs: z.object({ losses: z.array(z.number()), after1: goldenTensors, afterAll: goldenTensors }),
});

/** A few steps of float32 training, each of which divides by small second moments. */
const TOLERANCE = 5e-6;

/**
 * Steps of FuxiCTR's own training: mean cross-entropy and regularisers, gradients clipped by their common norm, dense
 * Adam. Losses before each step, all weights after the first and after the last.
 */
export async function checkFuxiCtrTraining(json: GoldenFile): Promise<GoldenReport | string> {
  const file = checkedFields(fileSchema, json);
  const { config, inputs, outputs } = file;
  if (!Object.hasOwn(fuxiCtrModels, config.model)) return `no training of ${config.model}`;
  const rows = inputs.batches.map((batch) => fieldsOfFile({ config, inputs: batch } as unknown as FuxiCtrFile));
  const built = fuxiCtrModels[config.model]({ config, inputs: inputs.batches[0] } as unknown as FuxiCtrFile, rows[0]);
  if (typeof built === 'string') return built;
  const weights = weightsOf(built.layers, built.l2);
  const optimizer = new AdamW({ learningRate: config.arguments.learning_rate });
  const losses: number[] = [];
  const errors: Record<string, number> = {};
  try {
    setParameters(file, built.places);
    for (const [at, fields] of rows.entries()) {
      const labels = tensorOf(inputs.batches[at], config.labels[0]).data;
      const columns = fields.map(({ column }) => column);
      losses.push(await step(built, weights, optimizer, { labels, columns, maxNorm: config.maxGradientNorm }));
      if (at === 0) Object.assign(errors, await weightErrors('after1', outputs.after1, built.places));
    }
    Object.assign(errors, await weightErrors('afterAll', outputs.afterAll, built.places));
    Object.assign(errors, await compareTensors({ losses: outputs.losses }, { losses }));
    return goldenReport(file.name, { outputs: errors }, float32Tolerance({}, TOLERANCE));
  } finally {
    optimizer.dispose();
    weights.dispose();
  }
}

async function step(
  model: FuxiCtrModel,
  { variables, penalty }: ReturnType<typeof weightsOf>,
  optimizer: AdamW,
  rows: {
    readonly labels: readonly number[];
    readonly columns: Parameters<FuxiCtrModel['logits']>[0];
    readonly maxNorm: number;
  },
): Promise<number> {
  const all = [...variables().values()];
  const { value, grads } = tf.variableGrads(() => {
    const truth = tf.tensor2d([...rows.labels], [rows.labels.length, 1]);
    const loss = tf.losses.sigmoidCrossEntropy(truth, model.logits(rows.columns)) as tf.Scalar;
    return penalty === undefined ? loss : (tf.add(loss, penalty()) as tf.Scalar);
  }, all);
  const ordered = Object.fromEntries(all.map(({ name }) => [name, grads[name]]));
  const { gradients, norm } = clipByGlobalNorm(ordered, rows.maxNorm);
  tf.tidy(() => optimizer.applyGradients(gradients));
  const [loss] = await value.data();
  tf.dispose([value, grads, gradients, norm]);
  return loss;
}

/** Weights of ours beside those of the file, each against the largest number of its tensor. */
async function weightErrors(
  when: string,
  expected: Readonly<Record<string, z.output<typeof goldenTensor>>>,
  places: Readonly<Record<string, Place>>,
): Promise<Record<string, number>> {
  const got: Record<string, tf.Tensor> = {};
  for (const [name, { shape }] of Object.entries(expected)) {
    const { variable, begin = 0 } = places[name];
    got[name] = tf.tidy(() => {
      const size = shape.reduce((product, axis) => product * axis, 1);
      const width = variable.size / variable.shape[0];
      return tf.reshape(tf.slice(variable, begin, size / width), shape as number[]);
    });
  }
  try {
    return await compareTensors({ [when]: expected }, { [when]: got });
  } finally {
    tf.dispose(got);
  }
}
