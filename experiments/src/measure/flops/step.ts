import {
  type Gru4recConfig,
  type HstuConfig,
  type ModelConfig,
  type ObjectiveConfigInput,
  type PinnerformerConfig,
  parseObjectiveConfig,
  type SasrecConfig,
  type TransformerConfig,
  type TransformerPlusPlusConfig,
} from '@seqrec/models';
import { ConfigError } from '../../errors.ts';
import { addFlops, type Flops, type Workload, workloadOf } from './flops.ts';
import { gru4recFlops } from './gru4rec.ts';
import { actionHeadFlops, hstuFlops } from './hstu.ts';
import { sampledSoftmaxFlops } from './objective.ts';
import { pinnerformerFlops } from './pinnerformer.ts';
import { sasrecFlops, transformerFlops } from './transformer.ts';
import { transformerPlusPlusFlops } from './transformer-plus-plus.ts';

/** The formula of each encoder: add a file beside `hstu.ts` and a line here. */
const encoders: Readonly<Record<string, (config: ModelConfig, work: Workload) => Flops>> = {
  hstu: (config, work) => hstuFlops(config as HstuConfig, work),
  sasrec: (config, work) => sasrecFlops(config as SasrecConfig, work),
  transformer: (config, work) => transformerFlops(config as TransformerConfig, work),
  'transformer-plus-plus': (config, work) => transformerPlusPlusFlops(config as TransformerPlusPlusConfig, work),
  pinnerformer: (config, work) => pinnerformerFlops(config as PinnerformerConfig, work),
  gru4rec: (config, work) => gru4recFlops(config as Gru4recConfig, work),
};

/** Encoders that have a formula. */
export const countedEncoders: readonly string[] = Object.keys(encoders);

/**
 * Floating-point operations of an encoder: matrix products and the causal half of attention. What is linear in the
 * width (norms, activations, dropout, embedding rows, the relative bias, the optimiser) is left out, as is usual.
 *
 * @throws ConfigError for an encoder without a formula, and for features under `concat`, whose products have none.
 */
export function encoderFlops(config: ModelConfig, work: Workload): Flops {
  const formula = encoders[config.kind];
  if (formula === undefined)
    throw new ConfigError(
      `flops: expected an encoder with a formula (${countedEncoders.join(', ')}); got ${config.kind}`,
      'add one in experiments/src/measure/flops',
    );
  if (config.combineFeatures === 'concat')
    throw new ConfigError(
      "flops: expected features that are summed, which is linear in the width; got combineFeatures 'concat', whose products are not counted",
      'set --model.combineFeatures sum, or add them in experiments/src/measure/flops',
    );
  return formula(config, work);
}

/**
 * A training step of an encoder with the sampled softmax on packed sequences of these lengths. The whole item table is
 * worked on: where only the rows that a step reads are trained, this is the bound for items
 * that pass through a network.
 *
 * @throws ConfigError for another objective, or other labels than the next item of every token:
 *   their work is not counted.
 */
export function stepFlops(
  config: ModelConfig,
  objective: ObjectiveConfigInput,
  lengths: ArrayLike<number>,
  numItems: number,
): Flops {
  const work = workloadOf(lengths, numItems + 1);
  const { embeddingDim } = config;
  const { numNegatives, actionWeight } = sampledSettings(objective);
  const parts = [encoderFlops(config, work)];
  if (actionWeight < 1) parts.push(sampledSoftmaxFlops({ embeddingDim, numNegatives }, work));
  if (actionWeight > 0 && config.kind === 'hstu') parts.push(actionHeadFlops(config, work));
  return addFlops(...parts);
}

function sampledSettings(config: ObjectiveConfigInput): { numNegatives: number; actionWeight: number } {
  const objective = parseObjectiveConfig(config);
  const sampled = objective.kind === undefined || objective.kind === 'sampled-softmax';
  if (sampled && objective.labels.kind === 'next-item') return objective;
  throw new ConfigError(
    `flops: expected the sampled softmax with next-item labels; got ${objective.kind} with ${objective.labels.kind}`,
    'only its work is counted',
  );
}

export function totalFlops({ forward, backward }: Flops): number {
  return forward + backward;
}
