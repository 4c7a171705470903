import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { LabelConfig } from '../tasks/ranking/config.ts';
import { type Head, headsOf } from '../tasks/ranking/heads.ts';
import { type RowTruth, rankingLoss } from '../tasks/ranking/loss.ts';
import { compareGradients } from './compare.ts';
import { checkedFields, float32Deviation, type GoldenFile, tensorOf } from './file.ts';
import { goldenTensors } from './module.ts';
import { relativeError } from './relative-error.ts';
import { float32Tolerance, type GoldenReport, goldenReport } from './report.ts';

const fileSchema = z.object({
  name: z.string(),
  config: z.object({ rows: z.int().min(1), delta: z.number().gt(0) }),
  inputs: goldenTensors,
  outputs: z.record(z.string(), z.number()),
  inputGradients: z.record(z.string(), goldenTensors),
  float32Deviation: float32Deviation.optional(),
});

/** A loss of the file in terms of ours: heads, the logits that they are given, and what is known of the rows. */
interface Case {
  readonly heads: readonly LabelConfig[];
  readonly logits: readonly string[];
  readonly labels: readonly Float32Array[];
  readonly weights?: Float32Array;
  readonly groups?: Float32Array;
  readonly learnsVariances?: boolean;
}

/** Losses of the task `ranking`: values, and gradients of the logits. */
export async function checkRankingHeads(json: GoldenFile): Promise<GoldenReport | string> {
  const file = checkedFields(fileSchema, json);
  const input = (name: string): Float32Array => Float32Array.from(tensorOf(file.inputs, name).data);
  const cases = casesOf(input, file.config.delta);
  const unknown = Object.keys(file.outputs).find((name) => !Object.hasOwn(cases, name));
  if (unknown !== undefined) return `no loss ${unknown}`;
  const outputs: Record<string, number> = {};
  const gradients: Record<string, number> = {};
  for (const [name, expected] of Object.entries(file.outputs)) {
    const { loss, slopes } = await lossOf(cases[name], input, file.config.rows);
    outputs[name] = relativeError([loss], [expected]);
    const given = file.inputGradients[name];
    const errors = await compareGradients(given, slopes);
    for (const [of, error] of Object.entries(errors)) gradients[`${name}.${of}`] = error;
  }
  return goldenReport(file.name, { outputs, gradients }, float32Tolerance(file.float32Deviation ?? {}, 2e-6));
}

function casesOf(input: (name: string) => Float32Array, delta: number): Readonly<Record<string, Case>> {
  const click = { column: 'click', loss: 'binary' } as const;
  const buy = { column: 'buy', loss: 'binary' } as const;
  const both = { logits: ['clickLogit', 'buyLogit'], labels: [input('click'), input('buy')] };
  const watched = (loss: LabelConfig['loss'], own: object = {}): Case => ({
    heads: [{ column: 'watch', loss, ...own }],
    logits: ['watchPrediction'],
    labels: [input('watchTime')],
  });
  const ordered = (loss: 'pairwise' | 'listwise'): Case => ({
    heads: [{ column: 'relevance', loss }],
    logits: ['watchPrediction'],
    labels: [input('relevance')],
    groups: input('users'),
  });
  const clicks = input('click');
  return {
    esmm: { heads: [click, { ...buy, parent: 'click' }], ...both },
    uncertainty: { heads: [click, buy], ...both, learnsVariances: true },
    pairwise: ordered('pairwise'),
    listwise: ordered('listwise'),
    weightedBce: { heads: [click], logits: ['clickLogit'], labels: [clicks], weights: input('weights') },
    weightedLogistic: {
      heads: [{ column: 'watch', loss: 'weighted-logistic' }],
      logits: ['clickLogit'],
      labels: [input('watchTime').map((time, row) => time * clicks[row])],
    },
    logMse: watched('log-mse'),
    huber: watched('log-huber', { delta }),
    softLabel: {
      heads: [{ column: 'teacher', loss: 'soft-binary' }],
      logits: ['buyLogit'],
      labels: [input('teacherLogit').map((z) => 1 / (1 + Math.exp(-z)))],
    },
  };
}

async function lossOf(
  { heads: given, logits, labels, weights, groups, learnsVariances = false }: Case,
  input: (name: string) => Float32Array,
  rows: number,
): Promise<{ readonly loss: number; readonly slopes: Record<string, ArrayLike<number>> }> {
  const heads: Head[] = headsOf(
    { labels: [...given] },
    given.map(({ column }) => column),
  );
  const truth: RowTruth = {
    rows,
    labels,
    teachers: heads.map(() => undefined),
    ...(weights && { weights }),
    ...(groups && { groups }),
  };
  const names = [...logits, ...(learnsVariances ? ['logVariances'] : [])];
  const values = names.map((name) => tf.tensor1d(input(name)));
  const { value, grads } = tf.valueAndGrads((...all: tf.Tensor[]) => {
    const z = all.slice(0, logits.length) as tf.Tensor1D[];
    const variances = learnsVariances ? (all[logits.length] as tf.Tensor1D) : undefined;
    return tf.div(rankingLoss(heads, z, { part: truth, whole: truth }, variances), rows);
  })(values);
  const [loss] = await value.data();
  const slopes = Object.fromEntries(await Promise.all(names.map(async (name, i) => [name, await grads[i].data()])));
  tf.dispose([value, grads, values]);
  return { loss, slopes };
}
