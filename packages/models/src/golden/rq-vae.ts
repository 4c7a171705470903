import { l2Normalize } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { size } from '../config/fields.ts';
import type { HiddenLayers } from '../layers/hidden-layers.ts';
import { assignValues } from '../parameters.ts';
import { RqVae } from '../semantic-ids/tokenizers/rq-vae.ts';
import { checkedFields, float32Deviation, goldenTensor, tensorOf } from './file.ts';
import { relativeError } from './relative-error.ts';
import { float32Tolerance, type GoldenReport, goldenReport } from './report.ts';

const gradients = { STE: 'straight-through', ROTATION_TRICK: 'rotation' } as const;
const tensors = z.record(z.string(), goldenTensor);
const schema = z.object({
  name: z.string(),
  config: z.object({
    commitment: z.number(),
    distance: z.string(),
    simVq: z.boolean(),
    codebookNormalize: z.boolean(),
    inputDim: size,
    embedDim: size,
    hidden: z.array(size),
    codebookSize: size,
    levels: size,
    mode: z.enum(['STE', 'ROTATION_TRICK']),
    categorical: z.int(),
  }),
  inputs: tensors,
  parameters: tensors,
  outputs: z.looseObject({
    encoded: goldenTensor,
    ids: goldenTensor,
    embeddings: goldenTensor,
    residuals: goldenTensor,
    quantizeLoss: goldenTensor,
    decoded: goldenTensor,
    reconstructionLoss: z.number(),
    rqvaeLoss: z.number(),
  }),
  loss: z.number(),
  gradients: tensors,
  inputGradients: tensors,
  float32Deviation,
});

/**
 * Losses, codes and gradients beside EdoardoBotta/RQ-VAE-Recommender: straight-through and the rotation trick, also
 * with projected codebooks and codes of length 1. Its levels read what those before pass on; its rotation divides by
 * lengths plus 1e-6, which its values have and ours do not.
 */
export async function checkRqVae(json: unknown): Promise<GoldenReport | string> {
  const { name, config, inputs, parameters, outputs, ...file } = checkedFields(schema, json);
  const { simVq: projected, codebookNormalize: normalize, categorical, levels } = config;
  const sizes = { inputDim: config.inputDim, hiddenSizes: config.hidden, width: config.embedDim, levels };
  const model = new RqVae({ ...sizes, codes: config.codebookSize, projected, normalize }, 0);
  const maps = (layer: HiddenLayers, of: string) =>
    Array.from({ length: config.hidden.length + 1 }, (_, i): [string, tf.Variable] => [
      `${of}.mlp.${2 * i}.weight`,
      layer.weight(`${i}.weight`),
    ]);
  const places = new Map<string, tf.Variable>([
    ...maps(model.encoder, 'encoder'),
    ...maps(model.decoder, 'decoder'),
    ...Array.from({ length: levels }, (_, l): [string, tf.Variable] => [
      `layers.${l}.embedding.weight`,
      model.books.table(l),
    ]),
    ...model.books.maps().map((map, l): [string, tf.Variable] => [`layers.${l}.out_proj.0.weight`, map]),
  ]);
  for (const [theirs, variable] of places) assignValues(variable, tensorOf(parameters, theirs, variable.shape).data);
  const given = tensorOf(inputs, 'x');
  const initial = tf.tensor2d(given.data, given.shape as [number, number]);
  const x = tf.variable(initial);
  const made: Record<string, tf.Tensor> = {};
  try {
    const { value, grads } = tf.variableGrads(() => {
      const pass = model.forward(x as tf.Tensor2D, {
        commitment: config.commitment,
        gradient: gradients[config.mode],
        residuals: 'passed',
      });
      const reconstruction = categorical > 0 ? withClasses(x, pass.decoded, categorical) : pass.reconstruction;
      made.encoded = tf.keep(pass.encoded);
      made.ids = tf.keep(tf.stack([...pass.codes], 1));
      made.embeddings = tf.keep(tf.stack([...pass.chosen], 2));
      made.residuals = tf.keep(tf.stack([...pass.residuals], 2));
      made.quantizeLoss = tf.keep(pass.quantisation);
      made.rqvaeLoss = tf.keep(tf.mean(pass.quantisation));
      made.decoded = tf.keep(pass.decoded);
      made.reconstructionLoss = tf.keep(tf.mean(reconstruction));
      return tf.mean(tf.add(reconstruction, pass.quantisation)) as tf.Scalar;
    }, [x, ...places.values()]);
    const errors: Record<string, number> = {};
    for (const [output, tensor] of Object.entries(made)) {
      const expected = outputs[output] as z.output<typeof goldenTensor> | number;
      errors[output] = relativeError(await tensor.data(), typeof expected === 'number' ? [expected] : expected.data);
    }
    const loss = relativeError(await value.data(), [file.loss]);
    const ofGradients: Record<string, number> = {};
    for (const [theirs, variable] of places) {
      ofGradients[theirs] = relativeError(await grads[variable.name].data(), tensorOf(file.gradients, theirs).data);
    }
    ofGradients.x = relativeError(await grads[x.name].data(), tensorOf(file.inputGradients, 'x').data);
    tf.dispose([value, grads]);
    return goldenReport(
      name,
      { outputs: errors, loss, gradients: ofGradients },
      float32Tolerance(file.float32Deviation),
    );
  } finally {
    tf.dispose([initial, x, made]);
    model.dispose();
  }
}

/** Its reconstruction where the last inputs are 0 or 1: the others of length 1, and a cross entropy of these. */
function withClasses(x: tf.Tensor, decoded: tf.Tensor2D, classes: number): tf.Tensor {
  const [numbers, count] = [decoded.shape[1] - classes, decoded.shape[0]];
  const others = l2Normalize(tf.slice(decoded, [0, 0], [count, numbers]));
  const logits = tf.slice(decoded, [0, numbers], [count, classes]);
  const labels = tf.slice(x, [0, numbers], [count, classes]);
  const entropies = tf.sub(tf.softplus(logits), tf.mul(labels, logits));
  const squares = tf.squaredDifference(tf.slice(x, [0, 0], [count, numbers]), others);
  return tf.add(tf.sum(squares, 1), tf.sum(entropies, 1));
}
