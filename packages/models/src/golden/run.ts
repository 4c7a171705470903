import { sampledSoftmaxLoss } from '@seqrec/core';
import { sequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { uploadBatch } from '../inputs.ts';
import type { TokenEncoder } from '../model.ts';
import { loadParameters } from '../parameters.ts';
import { createModel, type ModelConfigInput } from '../registry.ts';
import type { Golden } from './parse.ts';
import { relativeError } from './relative-error.ts';
import { type GoldenReport, goldenReport } from './report.ts';

/** What float32 may be off by. */
export const encoderTolerance = { outputs: 1e-5, loss: 1e-5, gradients: 1e-4 } as const;

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
    const outputs = { encoded: relativeError(await encoded!.data(), packed(golden)) };
    const loss = relativeError(await value.data(), [golden.loss]);
    const gradients = await gradientErrors(model, grads, golden);
    tf.dispose([value, grads, encoded!]);
    return goldenReport(golden.name, { outputs, loss, gradients }, encoderTolerance);
  } finally {
    before.dispose();
    batch.dispose();
    model.dispose();
  }
}

async function gradientErrors(
  model: TokenEncoder,
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

/** The padded columns as a jagged batch: inputs are columns below the length, targets the columns after them. */
function goldenBatch({ config, lengths, ids, timestamps }: Golden): Parameters<typeof uploadBatch>[0] {
  const n = config.paddedLength;
  const offsets = Int32Array.from([0, ...lengths]);
  for (let b = 1; b < offsets.length; b++) offsets[b] += offsets[b - 1];
  const column = (data: readonly number[], shift: number): number[] =>
    lengths.flatMap((length, b) => data.slice(b * n + shift, b * n + shift + length));
  return sequenceBatch({
    offsets,
    itemIds: Int32Array.from(column(ids.data, 0)),
    timestamps: Float64Array.from(column(timestamps.data, 0)),
    targets: Int32Array.from(column(ids.data, 1)),
    targetTimestamps: Float64Array.from(column(timestamps.data, 1)),
  });
}

function packed({ config, lengths, encoded }: Golden): number[] {
  const row = config.embeddingDim;
  const sequence = config.paddedLength * row;
  return lengths.flatMap((length, b) => encoded.data.slice(b * sequence, b * sequence + length * row));
}
