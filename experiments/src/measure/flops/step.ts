import {
  type DssmConfig,
  type Gru4recConfig,
  type HstuConfig,
  type ModelConfig,
  modelWidths,
  type ObjectiveConfigInput,
  type PinnerformerConfig,
  parseObjectiveConfig,
  type SasrecConfig,
  type TransformerConfig,
  type TransformerPlusPlusConfig,
} from '@seqrec/models';
import { ConfigError } from '../../errors.ts';
import { dssmFlops } from './dssm.ts';
import { addFlops, type Flops, type Workload, workloadOf } from './flops.ts';
import { gru4recFlops } from './gru4rec.ts';
import { actionHeadFlops, hstuFlops } from './hstu.ts';
import { objectiveFlops } from './objective.ts';
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
  dssm: (config, work) => dssmFlops(config as DssmConfig, work),
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
  if ('combineFeatures' in config && config.combineFeatures === 'concat')
    throw new ConfigError(
      "flops: expected features that are summed, which is linear in the width; got combineFeatures 'concat', whose products are not counted",
      'set --model.combineFeatures sum, or add them in experiments/src/measure/flops',
    );
  return formula(config, work);
}

/**
 * A training step of an encoder and its objective on packed sequences of these lengths. The whole item table is
 * worked on: where only the rows that a step reads are trained, this is the bound for items
 * that pass through a network.
 *
 * @param labels pairs of a user vector and a label that the step has; default: one a token, as next-item labels have.
 * @throws ConfigError for other labels whose number is not given.
 */
export function stepFlops(
  config: ModelConfig,
  objective: ObjectiveConfigInput,
  lengths: ArrayLike<number>,
  numItems: number,
  labels?: number,
): Flops {
  const work = workloadOf(lengths, numItems + 1);
  const { vector: embeddingDim } = modelWidths(config);
  const { labels: rule, actionWeight, kind } = parseObjectiveConfig(objective);
  if (labels === undefined && rule.kind !== 'next-item')
    throw new ConfigError(
      `flops: expected next-item labels, or the number of labels of the step; got ${kind} with ${rule.kind}`,
      'the labels of a batch are drawn: count them',
    );
  const parts = [encoderFlops(config, work)];
  const pairs = { labels: labels ?? work.tokens, embeddingDim, numItems };
  if (actionWeight < 1) parts.push(objectiveFlops(objective, pairs));
  if (actionWeight > 0 && config.kind === 'hstu') parts.push(actionHeadFlops(config, work));
  return addFlops(...parts);
}

export function totalFlops({ forward, backward }: Flops): number {
  return forward + backward;
}
