import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { size } from '../config/fields.ts';
import type { HiddenLayers } from '../layers/hidden-layers.ts';
import { assignValues } from '../parameters.ts';
import { RqVae } from '../semantic-ids/tokenizers/rq-vae.ts';
import { checkedFields, float32Deviation, goldenTensor, tensorOf } from './file.ts';
import { relativeError } from './relative-error.ts';
import { float32Tolerance, type GoldenReport, goldenReport } from './report.ts';

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
    mode: z.string(),
    categorical: z.int(),
  }),
  inputs: tensors,
  parameters: tensors,
  outputs: z.looseObject({
    encoded: goldenTensor,
    ids: goldenTensor,
    residuals: goldenTensor,
    quantizeLoss: goldenTensor,
    decoded: goldenTensor,
    reconstructionLoss: z.number(),
  }),
  loss: z.number(),
  gradients: tensors,
  inputGradients: tensors,
  float32Deviation,
});

/** Straight-through quantisation beside EdoardoBotta/RQ-VAE-Recommender: its residuals are constants. */
export async function checkRqVae(json: unknown): Promise<GoldenReport | string> {
  const { name, config, inputs, parameters, outputs, ...file } = checkedFields(schema, json);
  const { mode, simVq, codebookNormalize, categorical, levels } = config;
  if (mode !== 'STE' || simVq || codebookNormalize || categorical > 0)
    return 'no rotation trick, no projected codebooks';
  const sizes = { inputDim: config.inputDim, hiddenSizes: config.hidden, width: config.embedDim, levels };
  const model = new RqVae({ ...sizes, codes: config.codebookSize }, 0);
  const maps = (layer: HiddenLayers, of: string) =>
    Array.from({ length: config.hidden.length + 1 }, (_, i): [string, tf.Variable] => [
      `${of}.mlp.${2 * i}.weight`,
      layer.weight(`${i}.weight`),
    ]);
  const places = new Map<string, tf.Variable>([
    ...maps(model.encoder, 'encoder'),
    ...maps(model.decoder, 'decoder'),
    ...Array.from({ length: levels }, (_, l): [string, tf.Variable] => [`layers.${l}.embedding.weight`, model.book(l)]),
  ]);
  for (const [theirs, variable] of places) assignValues(variable, tensorOf(parameters, theirs, variable.shape).data);
  const given = tensorOf(inputs, 'x');
  const x = tf.variable(tf.tensor2d(given.data, given.shape as [number, number]));
  const made: Record<string, tf.Tensor> = {};
  try {
    const { value, grads } = tf.variableGrads(() => {
      const pass = model.forward(x as tf.Tensor2D, { commitment: config.commitment, residuals: 'detached' });
      made.encoded = tf.keep(pass.encoded);
      made.ids = tf.keep(tf.stack([...pass.codes], 1));
      made.residuals = tf.keep(tf.stack([...pass.residuals], 2));
      made.quantizeLoss = tf.keep(pass.quantisation);
      made.decoded = tf.keep(pass.decoded);
      made.reconstructionLoss = tf.keep(tf.mean(pass.reconstruction));
      return tf.mean(tf.add(pass.reconstruction, pass.quantisation)) as tf.Scalar;
    }, [x, ...places.values()]);
    const errors: Record<string, number> = {};
    for (const [output, tensor] of Object.entries(made)) {
      const expected = outputs[output] as z.output<typeof goldenTensor> | number;
      errors[output] = relativeError(await tensor.data(), typeof expected === 'number' ? [expected] : expected.data);
    }
    const loss = relativeError(await value.data(), [file.loss]);
    const gradients: Record<string, number> = {};
    for (const [theirs, variable] of places) {
      gradients[theirs] = relativeError(await grads[variable.name].data(), tensorOf(file.gradients, theirs).data);
    }
    gradients.x = relativeError(await grads[x.name].data(), tensorOf(file.inputGradients, 'x').data);
    tf.dispose([value, grads]);
    return goldenReport(name, { outputs: errors, loss, gradients }, float32Tolerance(file.float32Deviation));
  } finally {
    tf.dispose([x, made]);
    model.dispose();
  }
}
