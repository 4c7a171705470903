import * as tf from '@tensorflow/tfjs-core';
import { weightsOf } from '../rankers/row-model.ts';
import { labelLoss } from '../tasks/ranking/label-rows.ts';
import { checkedFields, type GoldenTensor, goldenTensor, tensorOf } from './file.ts';
import { type FuxiCtrFile, fieldsOfFile, isHistory, parseFuxiCtr } from './fuxictr-file.ts';
import type { FuxiCtrModel } from './fuxictr-model.ts';
import { fuxiCtrModels } from './fuxictr-models.ts';
import { gradientErrors, setParameters, toleranceOf } from './module.ts';
import { relativeError } from './relative-error.ts';
import { type GoldenReport, goldenReport } from './report.ts';

/**
 * Ranking models of FuxiCTR: probabilities, cross-entropy summed over labels with regularisers, every gradient; in
 * training also what one pass makes of running values.
 */
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
  const { labels } = golden.config;
  const truth = labels.map((label) => tensorOf(golden.inputs, label).data);
  try {
    setParameters(golden, model.places);
    const made: Record<string, tf.Tensor> = {};
    const { value, grads } = tf.variableGrads(() => {
      const { branches } = model;
      const { logits, branches: ofBranches } = branches?.logits() ?? { logits: model.logits(), branches: [] };
      for (const [b, own] of ofBranches.entries()) {
        made[branches!.names[b]] = tf.keep(branches!.asLogits ? tf.clone(own) : tf.sigmoid(own));
      }
      const flat = (rows: tf.Tensor2D): tf.Tensor1D => tf.reshape(rows, [-1]);
      const terms = labels.map((name, l) => {
        // The gradient of a slice of all columns is one of a pad of none.
        const own = labels.length === 1 ? logits : tf.slice(logits, [0, l], [-1, 1]);
        made[predictionOf(name, labels)] = tf.keep(tf.sigmoid(own));
        const label = labelLoss(Float32Array.from(truth[l]), 'binary');
        return branches?.loss(flat(own), ofBranches.map(flat), label) ?? label.ofLabel(flat(own));
      });
      const loss = (terms.length === 1 ? terms[0] : tf.addN(terms)) as tf.Scalar;
      return penalty === undefined ? loss : (tf.add(loss, penalty()) as tf.Scalar);
    }, [...variables().values()]);
    const { taps, ...given } = golden.outputs;
    const expected: Record<string, GoldenTensor> = {};
    for (const name of [...labels.map((label) => predictionOf(label, labels)), ...(model.branches?.names ?? [])]) {
      expected[name] = checkedFields(goldenTensor, given[name], `outputs.${name}.`);
    }
    for (const [name, tap] of Object.entries(taps)) {
      if (!Object.hasOwn(model.taps, name)) continue;
      const own = tf.tidy(() => {
        const tensors = model.taps[name]();
        return tensors instanceof tf.Tensor ? [tensors] : [...tensors];
      });
      for (const [i, tensor] of (Array.isArray(tap) ? tap : [tap]).entries()) {
        expected[`${name}.${i}`] = tensor;
        made[`${name}.${i}`] = own[i];
      }
    }
    const outputs: Record<string, number> = {};
    for (const [name, { data }] of Object.entries(expected)) {
      outputs[name] = relativeError(await made[name].data(), data);
    }
    const { statistics, variables: running = {} } = model.running ?? {};
    statistics?.apply();
    for (const [name, variable] of Object.entries(running)) {
      outputs[name] = relativeError(await variable.data(), tensorOf(golden.parameters, name).data);
    }
    const loss = relativeError(await value.data(), [golden.loss]);
    const gradients = await gradientErrors(golden, model.places, grads);
    tf.dispose([value, grads, made]);
    return goldenReport(golden.name, { outputs, loss, gradients }, toleranceOf(golden));
  } finally {
    model.running?.statistics.dispose();
    model.dispose?.();
    dispose();
  }
}

function predictionOf(label: string, labels: readonly string[]): string {
  return labels.length === 1 ? 'y_pred' : `${label}_pred`;
}
