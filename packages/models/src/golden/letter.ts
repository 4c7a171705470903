import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { size } from '../config/fields.ts';
import type { HiddenLayers } from '../layers/hidden-layers.ts';
import { assignValues } from '../parameters.ts';
import { positiveCodes } from '../semantic-ids/tokenizers/code-clusters.ts';
import { RqVae } from '../semantic-ids/tokenizers/rq-vae.ts';
import { collaborativeLoss, rqVaeLoss } from '../semantic-ids/tokenizers/rq-vae-loss.ts';
import {
  centredDistances,
  sinkhornCodes,
  squaredDistances,
  transportPlan,
} from '../semantic-ids/tokenizers/sinkhorn.ts';
import type { Rows } from '../semantic-ids/vectors/rows.ts';
import { checkedFields, float32Deviation, goldenTensor, tensorOf } from './file.ts';
import { relativeError } from './relative-error.ts';
import { float32Tolerance, type GoldenReport, goldenReport } from './report.ts';

const tensors = z.record(z.string(), goldenTensor);
const schema = z.object({
  name: z.string(),
  config: z.object({
    embedDim: size,
    hidden: z.array(size),
    codes: z.array(size),
    quantLossWeight: z.literal(1),
    alpha: z.number(),
    beta: z.number(),
    sinkhornEpsilons: z.array(z.number()),
    sinkhornIterations: size,
    inputDim: size,
  }),
  inputs: z.object({ x: goldenTensor, collaborative: goldenTensor, clusters: goldenTensor }),
  parameters: tensors,
  outputs: z.object({
    decoded: goldenTensor,
    ids: goldenTensor,
    idsWithoutSinkhorn: goldenTensor,
    quantised: goldenTensor,
    quantLoss: z.number(),
    collaborativeLoss: z.number(),
    reconstructionLoss: z.number(),
    sinkhorn: z.array(
      z.object({ distances: goldenTensor, centred: goldenTensor.optional(), plan: goldenTensor.optional() }),
    ),
  }),
  loss: z.number(),
  gradients: tensors,
  float32Deviation,
});

/** Weight of the commitment, which the reference's files do not set. */
const COMMITMENT = 0.25;

/** Balanced codes, losses and gradients beside HonghuiBao2000/LETTER: means, residuals that are constants. */
export async function checkLetter(json: unknown): Promise<GoldenReport> {
  const { name, config, inputs, parameters, outputs, ...file } = checkedFields(schema, json);
  const { inputDim, hidden, embedDim: width } = config;
  const levels = config.codes.length;
  const model = new RqVae({ inputDim, hiddenSizes: hidden, width, levels, codes: config.codes[0] }, 0);
  const maps = (layer: HiddenLayers, of: string) =>
    layer.names.map((own): [string, tf.Variable] => {
      const [i, kind] = own.split('.');
      return [`${of}.mlp_layers.${3 * Number(i) + 1}.${kind}`, layer.weight(own)];
    });
  const places = new Map<string, tf.Variable>([
    ...maps(model.encoder, 'encoder'),
    ...maps(model.decoder, 'decoder'),
    ...config.codes.map((_, l): [string, tf.Variable] => [`rq.vq_layers.${l}.embedding.weight`, model.books.table(l)]),
  ]);
  for (const [theirs, variable] of places) assignValues(variable, tensorOf(parameters, theirs, variable.shape).data);
  const x = tf.tensor2d(inputs.x.data, [inputs.x.shape[0], inputDim]);
  const made: Record<string, tf.Tensor> = {};
  try {
    const errors: Record<string, number> = {};
    const compare = (output: string, got: ArrayLike<number>, expected: ArrayLike<number>): void => {
      errors[output] = Math.max(errors[output] ?? 0, relativeError(got, expected));
    };
    const codes: Int32Array[] = [];
    let residual = await rowsOf(model.encode(x));
    for (const [level, { distances, centred, plan }] of outputs.sinkhorn.entries()) {
      const table = model.books.table(level);
      const book = { count: table.shape[0], width, values: Float64Array.from(await table.data()) };
      const options = { epsilon: config.sinkhornEpsilons[level], iterations: config.sinkhornIterations };
      const squares = squaredDistances(residual, book);
      compare('distances', squares, distances.data);
      if (centred !== undefined) compare('centred', centredDistances(Float64Array.from(distances.data)), centred.data);
      if (plan !== undefined)
        compare('plan', transportPlan(Float64Array.from(centred!.data), book.count, options), plan.data);
      const own = options.epsilon > 0 ? sinkhornCodes(residual, book, options) : leastOf(squares, book.count);
      residual = {
        ...residual,
        values: residual.values.map(
          (value, e) => value - book.values[own[Math.floor(e / width)] * width + (e % width)],
        ),
      };
      codes.push(own);
    }
    const ofLevels = Array.from(inputs.x.shape.slice(0, 1)).flatMap((count) =>
      Array.from({ length: count * levels }, (_, e) => codes[e % levels][Math.floor(e / levels)]),
    );
    compare('ids', ofLevels, outputs.ids.data);
    // Clusters have two members each: whatever is drawn, the other one.
    const positives = codes.map((own, level) => {
      const clusters = inputs.clusters.data.slice(level * config.codes[level], (level + 1) * config.codes[level]);
      return positiveCodes(own, clusters, { seed: 0, level, step: 0 });
    });
    const { value, grads } = tf.variableGrads(() => {
      const options = { commitment: COMMITMENT, residuals: 'passed' } as const;
      made.idsWithoutSinkhorn = tf.keep(tf.stack([...model.forward(x, options).codes], 1));
      const asTensor = (own: Int32Array) => tf.tensor1d(own, 'int32');
      const pass = model.forward(x, { ...options, codes: codes.map(asTensor) });
      const vectors = tf.tensor2d(inputs.collaborative.data, inputs.collaborative.shape as [number, number]);
      const diversity = { weight: config.beta, positives: positives.map(asTensor) };
      const withDiversity = rqVaeLoss(pass, { reduction: 'mean', diversity });
      made.decoded = tf.keep(pass.decoded);
      made.quantised = tf.keep(pass.quantised);
      made.reconstructionLoss = tf.keep(tf.div(tf.mean(pass.reconstruction), inputDim));
      made.quantLoss = tf.keep(tf.sub(withDiversity, made.reconstructionLoss));
      made.collaborativeLoss = tf.keep(collaborativeLoss(pass.quantised, vectors));
      return rqVaeLoss(pass, { reduction: 'mean', diversity, collaborative: { weight: config.alpha, vectors } });
    }, [...places.values()]);
    for (const [output, tensor] of Object.entries(made)) {
      const expected = outputs[output as keyof typeof outputs] as z.output<typeof goldenTensor> | number;
      compare(output, await tensor.data(), typeof expected === 'number' ? [expected] : expected.data);
    }
    const loss = relativeError(await value.data(), [file.loss]);
    const gradients: Record<string, number> = {};
    for (const [theirs, variable] of places) {
      gradients[theirs] = relativeError(await grads[variable.name].data(), tensorOf(file.gradients, theirs).data);
    }
    tf.dispose([value, grads]);
    return goldenReport(name, { outputs: errors, loss, gradients }, float32Tolerance(file.float32Deviation));
  } finally {
    tf.dispose([x, made]);
    model.dispose();
  }
}

async function rowsOf(tensor: tf.Tensor2D): Promise<Rows> {
  const [count, width] = tensor.shape;
  const values = Float64Array.from(await tensor.data());
  tensor.dispose();
  return { count, width, values };
}

function leastOf(squares: Float64Array, columns: number): Int32Array {
  return Int32Array.from({ length: squares.length / columns }, (_, r) => {
    const own = squares.subarray(r * columns, (r + 1) * columns);
    return own.indexOf(Math.min(...own));
  });
}
