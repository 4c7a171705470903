import * as tf from '@tensorflow/tfjs-core';
import { weightsOf } from '../rankers/row-model.ts';
import { labelLoss } from '../tasks/label-loss.ts';
import { checkedFields, type GoldenTensor, goldenTensor, tensorOf } from './file.ts';
import { type FuxiCtrFile, fieldsOfFile, isHistory, parseFuxiCtr } from './fuxictr-file.ts';
import type { FuxiCtrModel } from './fuxictr-model.ts';
import { fuxiCtrModels } from './fuxictr-models.ts';
import { gradientErrors, setParameters, toleranceOf } from './module.ts';
import { relativeError } from './relative-error.ts';
import { type GoldenReport, goldenReport } from './report.ts';

/** Ranking models of FuxiCTR: probabilities, cross-entropy with regularisers, every gradient. */
export async function checkFuxiCtr(json: unknown): Promise<GoldenReport | string> {
  const { model } = ((json as { config?: { model?: unknown } }).config ?? {}) as { model?: unknown };
  if (typeof model === 'string' && !Object.hasOwn(fuxiCtrModels, model)) return `no ${model}`;
  const file = parseFuxiCtr(json);
  const pooling = file.config.features.find(
    (each) => each.type === 'sequence' && !isHistory(each) && each.pooling !== 'mean',
  );
  if (pooling !== undefined) return `no lists but by their mean; ${pooling.name} has another pooling`;
  const built = fuxiCtrModels[file.config.model](file, fieldsOfFile(file));
  return typeof built === 'string' ? built : compareFuxiCtr(file, built);
}

/** A model of ours against its file. */
export async function compareFuxiCtr(golden: FuxiCtrFile, model: FuxiCtrModel): Promise<GoldenReport> {
  const { variables, penalty, dispose } = weightsOf(model.layers, model.l2);
  const labels = tensorOf(golden.inputs, 'label').data;
  try {
    setParameters(golden, model.places);
    const made: Record<string, tf.Tensor> = {};
    const { value, grads } = tf.variableGrads(() => {
      const { branches } = model;
      const { logits, branches: ofBranches } = branches?.logits() ?? { logits: model.logits(), branches: [] };
      made.y_pred = tf.keep(tf.sigmoid(logits));
      for (const [b, own] of ofBranches.entries()) {
        made[branches!.names[b]] = tf.keep(branches!.asLogits ? tf.clone(own) : tf.sigmoid(own));
      }
      const label = labelLoss(Float32Array.from(labels), 'binary');
      const flat = (rows: tf.Tensor2D): tf.Tensor1D => tf.reshape(rows, [-1]);
      const loss = branches?.loss(flat(logits), ofBranches.map(flat), label) ?? label.ofLabel(flat(logits));
      return penalty === undefined ? loss : (tf.add(loss, penalty()) as tf.Scalar);
    }, [...variables().values()]);
    const expected: Record<string, GoldenTensor> = { y_pred: golden.outputs.y_pred };
    for (const name of model.branches?.names ?? []) {
      expected[name] = checkedFields(goldenTensor, golden.outputs[name], `outputs.${name}.`);
    }
    for (const [name, tap] of Object.entries(golden.outputs.taps)) {
      if (!Object.hasOwn(model.taps, name)) continue;
      made[name] = tf.tidy(model.taps[name]);
      expected[name] = tap;
    }
    const outputs: Record<string, number> = {};
    for (const [name, { data }] of Object.entries(expected)) {
      outputs[name] = relativeError(await made[name].data(), data);
    }
    const loss = relativeError(await value.data(), [golden.loss]);
    const gradients = await gradientErrors(golden, model.places, grads);
    tf.dispose([value, grads, made]);
    return goldenReport(golden.name, { outputs, loss, gradients }, toleranceOf(golden));
  } finally {
    model.dispose?.();
    dispose();
  }
}
