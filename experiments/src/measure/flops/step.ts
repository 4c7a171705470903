import { type ExampleSet, makeBatch } from '@seqrec/data';
import {
  addFlops,
  countedModelKinds,
  type Flops,
  featureFlops,
  type LabelsConfig,
  type ModelConfig,
  modelFlops,
  modelKinds,
  modelWidths,
  type ObjectiveConfigInput,
  objectiveFlops,
  parseObjectiveConfig,
  samplePairs,
  type Workload,
  workloadOf,
} from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';
import { ConfigError } from '../../errors.ts';

/** What the configuration of an objective may say of labels and actions. */
interface OwnObjective {
  readonly kind: string;
  readonly labels?: { readonly kind: string };
  readonly actionWeight?: number;
}

/** Encoders whose definition has a formula. */
export function countedEncoders(): readonly string[] {
  const counted = countedModelKinds();
  return modelKinds('encode').filter((kind) => counted.includes(kind));
}

/**
 * Floating-point operations of an encoder: matrix products and the causal half of attention. What is linear in the
 * width (norms, activations, dropout, embedding rows, the relative bias, the optimiser) is left out, as is usual.
 *
 * @throws ConfigError for an encoder without a formula, and for features under `concat`, whose products have none.
 */
export function encoderFlops(config: ModelConfig, work: Workload): Flops {
  if ('combineFeatures' in config && config.combineFeatures === 'concat')
    throw new ConfigError(
      "flops: expected features that are summed, which is linear in the width; got combineFeatures 'concat', whose products are not counted",
      'set --model.combineFeatures sum',
    );
  const flops = modelFlops(config, work);
  if (flops === undefined)
    throw new ConfigError(
      `flops: expected an encoder with a formula (${countedEncoders().join(', ')}); got ${config.kind}`,
      'give `flops` in its definition, the argument of defineModel',
    );
  return flops;
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
  const { vector: embeddingDim } = modelWidths(config);
  // An objective of somebody else may have neither.
  const { kind, labels: rule, actionWeight = 0 } = parseObjectiveConfig(objective) as OwnObjective;
  const work = workloadOf(lengths, { itemRows: numItems + 1, predictsActions: actionWeight > 0 });
  if (labels === undefined && rule !== undefined && rule.kind !== 'next-item')
    throw new ConfigError(
      `flops: expected next-item labels, or the number of labels of the step; got ${kind} with ${rule.kind}`,
      'the labels of a batch are drawn: count them',
    );
  const parts = [encoderFlops(config, work)];
  const pairs = { labels: labels ?? work.tokens, embeddingDim, numItems };
  if (actionWeight < 1) {
    const products = objectiveFlops(objective, pairs);
    if (products === undefined)
      throw new ConfigError(
        `flops: expected an objective with a formula; got ${kind}`,
        'give `flops` in its definition, the argument of defineObjective',
      );
    parts.push(products);
  }
  return addFlops(...parts);
}

/**
 * Floating-point operations of a training step on a batch of examples, see {@link stepFlops}: with the labels that it
 * draws, on histories that end where those labels cut them, and with the products of features that are vectors.
 */
export function batchFlops(
  { model, objective, seed }: Pick<RecipeConfig, 'model' | 'objective' | 'seed'>,
  examples: ExampleSet,
  indices: Int32Array,
  step: number,
): Flops {
  const { starts, targets, interactions } = examples;
  const lengths = Array.from(indices, (e) => targets[e] - starts[e]);
  const features = featuresOfBatch(model, examples, indices);
  // An objective of somebody else may have none.
  const rule: LabelsConfig | undefined = objective.labels;
  const isOneAToken = rule === undefined || (rule.kind === 'next-item' && rule.minRating === undefined);
  if (isOneAToken) return addFlops(features, stepFlops(model, objective, lengths, interactions.numItems));
  const batch = makeBatch(examples, indices);
  const { rows, cuts } = samplePairs(batch, rule, { training: true, step, seed });
  const kept = cuts ? lengths.map((length, b) => Math.min(length, cuts[b] + 1 - batch.offsets[b])) : lengths;
  return addFlops(features, stepFlops(model, objective, kept, interactions.numItems, rows.length));
}

/** Vectors of columns: of every event and user of a batch, of the items of its histories, and of those scored. */
function featuresOfBatch(
  model: ModelConfig,
  { starts, targets, interactions }: ExampleSet,
  indices: Int32Array,
): Flops {
  if (!('features' in model) || model.features === undefined) return { forward: 0, backward: 0 };
  const seen = new Set<number>();
  let events = 0;
  for (const e of indices) {
    events += targets[e] - starts[e];
    for (let row = starts[e]; row < targets[e]; row++) seen.add(interactions.itemIds[row]);
  }
  const scored = 'itemFeatures' in model && model.itemFeatures === 'input' ? 0 : interactions.numItems + 1;
  return featureFlops(model, interactions, { events, users: indices.length, items: seen.size + scored });
}

export function totalFlops({ forward, backward }: Flops): number {
  return forward + backward;
}
