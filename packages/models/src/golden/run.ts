import { sampledSoftmaxLoss } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { uploadBatch } from '../inputs.ts';
import type { SequenceModel } from '../model.ts';
import { loadParameters } from '../parameters.ts';
import { createModel, type ModelConfigInput } from '../registry.ts';
import type { Golden } from './parse.ts';

/** Errors against a golden file, each relative to the largest magnitude of the expected tensor. */
export interface GoldenReport {
  readonly name: string;
  /** Of `encoded`, rows inside the sequences. */
  readonly outputs: number;
  readonly loss: number;
  readonly gradients: Readonly<Record<string, number>>;
  readonly maxima: { readonly outputs: number; readonly loss: number; readonly gradients: number };
}

/** The model configuration that a golden file describes, without dropout. */
export function goldenModelConfig({ kind, config }: Golden): ModelConfigInput {
  const { embeddingDim, maxSequenceLength, outputLength, numBlocks, numHeads, dqk, dv, ffnDim } = config;
  const shared = { embeddingDim, maxSequenceLength, outputLength, numBlocks, numHeads, inputDropout: 0 };
  return kind === 'hstu' ? { kind, ...shared, dqk, dv, linearDropout: 0 } : { kind, ...shared, ffnDim, ffnDropout: 0 };
}

/**
 * Rebuilds the model of a golden file on the active backend, runs it forwards and backwards and compares.
 *
 * @throws ParameterError when the file's parameters do not fit its configuration.
 */
export async function runGolden(golden: Golden): Promise<GoldenReport> {
  const model = createModel(goldenModelConfig(golden), { numItems: golden.config.numItems, seed: 0 });
  const batch = uploadBatch(goldenBatch(golden));
  const before = tf.tidy(() => tf.tensor2d(golden.negatives.data, golden.negatives.shape as [number, number], 'int32'));
  try {
    loadParameters(model, golden.parameters);
    let encoded: tf.Tensor2D | undefined;
    const { value, grads } = tf.variableGrads(() => {
      const queries = model.encode(batch, { training: false, step: 0, seed: 0 });
      encoded = tf.keep(queries);
      return tf.mean(
        sampledSoftmaxLoss({
          queries,
          items: model.itemVectors(),
          positives: batch.targets,
          negatives: before,
          temperature: golden.config.temperature,
        }),
      ) as tf.Scalar;
    }, [...model.variables().values()]);
    const outputs = relativeError(await encoded!.data(), packed(golden));
    const loss = relativeError(await value.data(), [golden.loss]);
    const gradients = await gradientErrors(model, grads, golden);
    tf.dispose([value, grads, encoded!]);
    const worst = Math.max(0, ...Object.values(gradients));
    return { name: golden.name, outputs, loss, gradients, maxima: { outputs, loss, gradients: worst } };
  } finally {
    before.dispose();
    batch.dispose();
    model.dispose();
  }
}

async function gradientErrors(
  model: SequenceModel,
  grads: tf.NamedTensorMap,
  golden: Golden,
): Promise<Record<string, number>> {
  const errors: Record<string, number> = {};
  for (const [name, expected] of Object.entries(golden.gradients)) {
    const variable = model.variables().get(name);
    const gradient = variable === undefined ? undefined : grads[variable.name];
    const got = gradient === undefined ? new Float32Array(expected.data.length) : await gradient.data();
    errors[name] = relativeError(got, expected.data);
  }
  return errors;
}

/** `max |got - expected| / max |expected|`; the absolute error when all of `expected` is zero, Infinity for NaN. */
export function relativeError(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY;
  let error = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(got[i] - expected[i]);
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    error = Math.max(error, difference);
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  return largest === 0 ? error : error / largest;
}

/** The padded columns as a jagged batch: inputs are columns below the length, targets the columns after them. */
function goldenBatch({ config, lengths, ids, timestamps }: Golden): Parameters<typeof uploadBatch>[0] {
  const n = config.paddedLength;
  const offsets = Int32Array.from([0, ...lengths]);
  for (let b = 1; b < offsets.length; b++) offsets[b] += offsets[b - 1];
  const column = (data: readonly number[], shift: number): number[] =>
    lengths.flatMap((length, b) => data.slice(b * n + shift, b * n + shift + length));
  return {
    users: Int32Array.from(lengths, (_, b) => b),
    offsets,
    itemIds: Int32Array.from(column(ids.data, 0)),
    timestamps: Float64Array.from(column(timestamps.data, 0)),
    targets: Int32Array.from(column(ids.data, 1)),
    targetTimestamps: Float64Array.from(column(timestamps.data, 1)),
  };
}

function packed({ config, lengths, encoded }: Golden): number[] {
  const row = config.embeddingDim;
  const sequence = config.paddedLength * row;
  return lengths.flatMap((length, b) => encoded.data.slice(b * sequence, b * sequence + length * row));
}
