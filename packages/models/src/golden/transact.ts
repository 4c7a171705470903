import { embedding } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { size } from '../config/fields.ts';
import { type TransactEncoder, transactEncoder } from '../rankers/transact/encoder.ts';
import { compareGradients } from './compare.ts';
import { checkedFields, float32Deviation, goldenTensor, tensorOf } from './file.ts';
import { goldenTensors, gradientErrors, type Place, setParameters, toleranceOf } from './module.ts';
import { relativeError } from './relative-error.ts';
import { type GoldenReport, goldenReport } from './report.ts';

const schema = z.object({
  name: z.string(),
  kind: z.string(),
  config: z.object({
    actionVocabulary: z.array(z.int()),
    ...{ length: size, actionDim: size, itemDim: size, latest: size, layers: size, heads: size, feedForward: size },
    drawnWindowMs: z.number(),
    maxPool: z.boolean(),
    candidate: z.literal(true),
  }),
  inputs: goldenTensors,
  parameters: goldenTensors,
  outputs: z.object({ y: goldenTensor, yTraining: goldenTensor }),
  loss: z.number(),
  gradients: goldenTensors,
  inputGradients: goldenTensors,
  float32Deviation,
});

const RUN = { training: false, step: 0, seed: 0 };
const ACTIONS = 'action_emb_module.weight';

/** The module of pinterest/transformer_user_action: histories newest first, filled with rows that are not seen. */
export async function checkTransact(json: unknown): Promise<GoldenReport> {
  const golden = checkedFields(schema, json, '');
  const { actionVocabulary, length, actionDim, itemDim, latest, layers, heads, feedForward } = golden.config;
  const { drawnWindowMs, maxPool } = golden.config;
  const width = actionDim + 2 * itemDim;
  const encoder = transactEncoder({
    ...{ width, numBlocks: layers, numHeads: heads, feedForwardDim: feedForward, attentionDropout: 0 },
    ...{ latest, maxPool, order: 'newest-first', seed: 0 },
  });
  const actions = tensorOf(golden.inputs, 'actions').data;
  const count = actions.length / length;
  const times = tensorOf(golden.inputs, 'times').data;
  const requests = tensorOf(golden.inputs, 'requestTime').data;
  // The first of the vocabulary shares row 0 with padding, and is masked with it.
  const rows = Int32Array.from(actions, (action) => Math.max(0, actionVocabulary.indexOf(action)));
  const seenWith = (window: number): Uint8Array =>
    Uint8Array.from(rows, (row, at) => {
      if (at % length === 0) return 1;
      return row !== 0 && requests[Math.floor(at / length)] - times[at] >= window ? 1 : 0;
    });
  const offsets = Int32Array.from({ length: count + 1 }, (_, b) => b * length);
  const of = Int32Array.from(rows, (_, at) => Math.floor(at / length));
  const table = variableOf(golden.parameters[ACTIONS]);
  const items = variableOf(tensorOf(golden.inputs, 'items'), [count * length, itemDim]);
  const candidate = variableOf(tensorOf(golden.inputs, 'candidate'));
  const cotangent = tf.tensor2d(tensorOf(golden.inputs, 'cotangent').data, [count, encoder.width]);
  const places = placesOf(encoder);
  try {
    setParameters(golden, places);
    const forward = (window: number): tf.Tensor2D => {
      const action = embedding(table as unknown as tf.Tensor2D, tf.tensor1d(rows, 'int32'));
      const beside = embedding(candidate as unknown as tf.Tensor2D, tf.tensor1d(of, 'int32'));
      const x = tf.concat2d([action, items as unknown as tf.Tensor2D, beside], 1);
      return encoder.forward({ x, offsets, seen: seenWith(window) }, RUN);
    };
    const ofLayers = [...new Set(Object.values(places).map(({ variable }) => variable))];
    let yTraining: tf.Tensor | undefined;
    const { value, grads } = tf.variableGrads(() => {
      yTraining = tf.keep(forward(drawnWindowMs));
      return tf.sum(tf.mul(yTraining, cotangent)) as tf.Scalar;
    }, [table, items, candidate, ...ofLayers]);
    const y = tf.tidy(() => forward(0));
    const outputs = {
      y: relativeError(await y.data(), golden.outputs.y.data),
      yTraining: relativeError(await (yTraining as tf.Tensor).data(), golden.outputs.yTraining.data),
    };
    const loss = relativeError(await value.data(), [golden.loss]);
    const ofTable = await grads[table.name].data();
    // Row 0 is padding there, which is not trained.
    ofTable.fill(0, 0, actionDim);
    const { [ACTIONS]: ofActions, ...others } = golden.gradients;
    const gradients = {
      ...(await gradientErrors({ gradients: others }, places, grads)),
      ...(await compareGradients({ [ACTIONS]: ofActions }, { [ACTIONS]: ofTable })),
      ...(await compareGradients(golden.inputGradients, {
        items: await grads[items.name].data(),
        candidate: await grads[candidate.name].data(),
      })),
    };
    tf.dispose([value, grads, y, yTraining as tf.Tensor]);
    return goldenReport(golden.name, { outputs, loss, gradients }, toleranceOf(golden));
  } finally {
    const weights = encoder.layers.flatMap((layer) => layer.names.map((name) => layer.weight(name)));
    tf.dispose([table, items, candidate, cotangent, ...weights]);
  }
}

function variableOf({ shape, data }: { shape: readonly number[]; data: number[] }, as = shape): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor(data, [...as])));
}

/** Our weights by the names of the module. */
function placesOf({ blocks, pooled }: TransactEncoder): Record<string, Place> {
  const all = blocks.flatMap((block, i) =>
    block.names.map((name): [string, Place] => [
      `transformer_encoder.layers.${i}.${torchName(name)}`,
      { variable: block.weight(name) },
    ]),
  );
  if (pooled !== undefined) {
    for (const name of pooled.names) all.push([`out_linear.${name}`, { variable: pooled.weight(name) }]);
  }
  return Object.fromEntries(all);
}

/** The name of a weight of {@link EncoderLayer} in `torch.nn.TransformerEncoderLayer`. */
export function torchName(name: string): string {
  return name.startsWith('in_proj') || name.startsWith('out_proj') ? `self_attn.${name}` : name;
}
