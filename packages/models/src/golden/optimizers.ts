import { Adagrad, AdamW, type DenseOptimizer, Muon, type NewtonSchulzOptions, RowwiseAdagrad } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Computed } from './compare.ts';
import { checkedFields } from './file.ts';

/** An optimiser of ours with the names that PyTorch gives its state. */
export interface NamedOptimizer {
  step(gradients: tf.NamedTensorMap): Promise<void>;
  /** By PyTorch's name: one tensor a weight. */
  state(): Readonly<Record<string, readonly Computed[]>>;
  /** Of Muon. */
  readonly iteration?: NewtonSchulzOptions;
  dispose(): void;
}

type MakeOptimizer = (variables: readonly tf.Variable[], given: unknown) => NamedOptimizer;

const adamArguments = (weightDecay: number) =>
  z.strictObject({
    lr: z.number().default(1e-3),
    betas: z.tuple([z.number(), z.number()]).default([0.9, 0.999]),
    eps: z.number().default(1e-8),
    weight_decay: z.number().default(weightDecay),
  });
const adagradArguments = z.strictObject({
  lr: z.number().default(1e-2),
  lr_decay: z.number().default(0),
  weight_decay: z.number().default(0),
  initial_accumulator_value: z.number().default(0),
  eps: z.number().default(1e-10),
});
const muonArguments = z.strictObject({
  lr: z.number().default(1e-3),
  weight_decay: z.number().default(0.1),
  momentum: z.number().default(0.95),
  nesterov: z.boolean().default(true),
  ns_coefficients: z.tuple([z.number(), z.number(), z.number()]).default([3.4445, -4.775, 2.0315]),
  eps: z.number().default(1e-7),
  ns_steps: z.int().default(5),
  adjust_lr_fn: z.enum(['original', 'match_rms_adamw']).nullable().default('original'),
});

/** By the name of the class in `torch.optim` or torchrec; arguments have the defaults of there. */
export const optimizers = {
  Adam: (variables, given) => {
    const { lr, betas, eps, weight_decay: l2 } = checkedFields(adamArguments(0), given, 'config.arguments');
    const rule = new AdamW({ learningRate: lr, beta1: betas[0], beta2: betas[1], epsilon: eps, l2 });
    return dense(rule, variables, { exp_avg: 'm', exp_avg_sq: 'v' });
  },
  AdamW: (variables, given) => {
    const { lr, betas, eps, weight_decay } = checkedFields(adamArguments(1e-2), given, 'config.arguments');
    const [beta1, beta2] = betas;
    const rule = new AdamW({ learningRate: lr, beta1, beta2, epsilon: eps, weightDecay: weight_decay });
    return dense(rule, variables, { exp_avg: 'm', exp_avg_sq: 'v' });
  },
  Adagrad: (variables, given) => dense(new Adagrad(adagradOptions(given)), variables, { sum: 'sum' }),
  RowWiseAdagrad: (variables, given) => rowwise(variables, adagradOptions(given)),
  Muon: (variables, given) => {
    const parsed = checkedFields(muonArguments, given, 'config.arguments');
    const { lr: learningRate, weight_decay: weightDecay, momentum, nesterov, adjust_lr_fn } = parsed;
    const iteration = { steps: parsed.ns_steps, coefficients: parsed.ns_coefficients, epsilon: parsed.eps };
    const scale = adjust_lr_fn === 'match_rms_adamw' ? 'adamw' : 'spectral';
    const rule = new Muon({ learningRate, weightDecay, momentum, nesterov, scale, ...iteration });
    return { ...dense(rule, variables, { momentum_buffer: 'momentum' }), iteration };
  },
} satisfies Readonly<Record<string, MakeOptimizer>>;

function adagradOptions(given: unknown) {
  const parsed = checkedFields(adagradArguments, given, 'config.arguments');
  return {
    learningRate: parsed.lr,
    learningRateDecay: parsed.lr_decay,
    weightDecay: parsed.weight_decay,
    initialAccumulator: parsed.initial_accumulator_value,
    epsilon: parsed.eps,
  };
}

function dense(
  rule: DenseOptimizer,
  variables: readonly tf.Variable[],
  slots: Readonly<Record<string, string>>,
): NamedOptimizer {
  return {
    step: async (gradients) => rule.applyGradients(gradients),
    state: () => {
      const state = rule.state();
      return Object.fromEntries(
        Object.entries(slots).map(([name, slot]) => [name, variables.map((each) => state.get(each.name)![slot])]),
      );
    },
    dispose: () => rule.dispose(),
  };
}

/**
 * Rows whose gradient is nothing are left out, as a lookup leaves them out; with weight decay all are given, since
 * torchrec decays every row in every step.
 */
function rowwise(variables: readonly tf.Variable[], options: ReturnType<typeof adagradOptions>): NamedOptimizer {
  const rules = variables.map((table) => new RowwiseAdagrad(table, options));
  return {
    step: async (gradients) => {
      for (const rule of rules) {
        const gradient = gradients[rule.table.name] as tf.Tensor2D;
        const [rows, width] = gradient.shape;
        const values = await gradient.data();
        const ids = Int32Array.from({ length: rows }, (_, row) => row).filter(
          (row) => options.weightDecay > 0 || values.subarray(row * width, (row + 1) * width).some((x) => x !== 0),
        );
        const touched = tf.tidy(() => tf.gather(gradient, tf.tensor1d(ids, 'int32')));
        await rule.step(ids, touched);
        touched.dispose();
      }
    },
    state: () => ({ sum: rules.map((rule) => rule.state().sum) }),
    dispose: () => {
      for (const rule of rules) rule.dispose();
    },
  };
}
