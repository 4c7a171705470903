import { clipByGlobalNorm, type NewtonSchulzOptions, newtonSchulz } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { size } from '../config/fields.ts';
import { type ComputedTree, compareTensors } from './compare.ts';
import { checkedFields, type GoldenFile, type GoldenTensor, goldenTensor } from './file.ts';
import { optimizers } from './optimizers.ts';
import { float32Tolerance, type GoldenReport, goldenReport } from './report.ts';

const tensors = z.array(goldenTensor).min(1);
const fileSchema = z.object({
  config: z.object({
    optimizer: z.string(),
    steps: size,
    clipNorm: z.number().gt(0).optional(),
    arguments: z.record(z.string(), z.unknown()),
  }),
  inputs: z.object({ parameters: tensors, gradients: z.array(tensors) }),
  outputs: z.object({ steps: z.array(z.unknown()), orthogonal: z.unknown().optional() }),
});

/** Newton-Schulz in float32 is up to 2e-6 from float64, where it is 1e-6 elsewhere: five times that. */
const ORTHOGONAL = 1e-5;

/**
 * An optimiser of PyTorch or torchrec beside ours: weights and state after each step, on given gradients. The bfloat16
 * form of Muon's iteration (`nativeBfloat16`) is not compared: ours is in float32.
 */
export async function checkOptimizer(json: GoldenFile): Promise<GoldenReport | string> {
  const { config, inputs, outputs } = checkedFields(fileSchema, json);
  if (!Object.hasOwn(optimizers, config.optimizer)) return `no optimiser ${config.optimizer}`;
  const make = optimizers[config.optimizer as keyof typeof optimizers];
  const variables = inputs.parameters.map((value) => tf.tidy(() => tf.variable(tensorFrom(value))));
  const optimizer = make(variables, config.arguments);
  const errors: Record<string, number> = {};
  try {
    for (const [at, expected] of outputs.steps.entries()) {
      const gradients = inputs.gradients[at]?.map(tensorFrom) ?? [];
      const byName = Object.fromEntries(gradients.map((gradient, i) => [variables[i].name, gradient]));
      const clipped = config.clipNorm === undefined ? undefined : clipByGlobalNorm(byName, config.clipNorm);
      await optimizer.step(clipped?.gradients ?? byName);
      const got: ComputedTree = {
        ...optimizer.state(),
        parameters: variables,
        ...(clipped && { norm: clipped.norm }),
      };
      Object.assign(errors, await compareTensors({ steps: { [at]: expected } }, { steps: { [at]: got } }));
      tf.dispose([gradients, clipped?.gradients, clipped?.norm]);
    }
    const orthogonal =
      outputs.orthogonal === undefined
        ? {}
        : await orthogonalErrors(inputs.gradients[0], outputs.orthogonal, optimizer.iteration);
    const tolerance = float32Tolerance({}, Object.keys(orthogonal).length > 0 ? ORTHOGONAL : 0);
    return goldenReport(json.name, { outputs: { ...errors, ...orthogonal } }, tolerance);
  } finally {
    optimizer.dispose();
    tf.dispose(variables);
  }
}

async function orthogonalErrors(
  matrices: readonly GoldenTensor[],
  expected: unknown,
  iteration: NewtonSchulzOptions | undefined,
): Promise<Record<string, number>> {
  const got = matrices.map((matrix) => tf.tidy(() => newtonSchulz(tensorFrom(matrix) as tf.Tensor2D, iteration)));
  try {
    return await compareTensors({ orthogonal: expected }, { orthogonal: got });
  } finally {
    tf.dispose(got);
  }
}

function tensorFrom({ data, shape }: GoldenTensor): tf.Tensor {
  return tf.tensor(data, shape, 'float32');
}
