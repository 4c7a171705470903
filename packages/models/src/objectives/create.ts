import type { ExampleSet } from '@seqrec/data';
import { withActions } from './actions.ts';
import { bceObjective } from './bce.ts';
import {
  type ObjectiveConfig,
  type ObjectiveConfigInput,
  type PoolSoftmaxConfig,
  parseObjectiveConfig,
} from './config.ts';
import { exactFrequencies, type Frequencies, sketchFrequencies } from './frequencies.ts';
import { fullSoftmaxObjective } from './full-softmax.ts';
import type { Objective } from './objective.ts';
import { poolSoftmaxObjective } from './pool-softmax.ts';
import { sampledSoftmaxObjective } from './sampled-softmax.ts';
import { trainedItemsOf, withNegativesOf } from './trained-negatives.ts';

export interface CreateObjectiveOptions {
  /**
   * Whether a window policy cuts other windows from the examples in every epoch: then every positive event of
   * an example but its first can be a label, and a logQ correction counts each once. Default false: labels
   * are those of the examples.
   */
  readonly windowsMove?: boolean;
}

/**
 * The objective that a configuration describes.
 *
 * @param examples the training set: a logQ correction counts how often its items are drawn as labels
 * @throws ConfigError, see `parseObjectiveConfig`; labels with a least rating on data without ratings.
 */
export function createObjective(
  config: ObjectiveConfigInput,
  examples: ExampleSet,
  options: CreateObjectiveOptions = {},
): Objective {
  const { actionWeight, ...parsed } = parseObjectiveConfig(config);
  const negatives =
    'negativeItems' in parsed && parsed.negativeItems === 'trained' ? trainedItemsOf(examples) : undefined;
  const plain = itemObjective(parsed, examples, { ...options, numNegativeItems: negatives?.length });
  const objective = negatives === undefined ? plain : withNegativesOf(plain, negatives);
  return actionWeight === 0 ? objective : withActions(objective, actionWeight);
}

function itemObjective(
  parsed: ItemConfig,
  examples: ExampleSet,
  options: CreateObjectiveOptions & { readonly numNegativeItems?: number },
): Objective {
  switch (parsed.kind) {
    case 'pool-softmax':
      return poolSoftmaxObjective(
        withoutKind(parsed),
        frequenciesOf(parsed, examples, options),
        options.numNegativeItems,
      );
    case 'full-softmax':
      return fullSoftmaxObjective(withoutKind(parsed));
    case 'bce':
      return bceObjective(withoutKind(parsed));
    default:
      return sampledSoftmaxObjective(parsed);
  }
}

/** An objective's configuration without what concerns actions; distributes over the kinds. */
type ItemConfig = ObjectiveConfig extends infer Kind
  ? Kind extends unknown
    ? Omit<Kind, 'actionWeight'>
    : never
  : never;

function frequenciesOf(
  { logQ, sketch, labels }: Pick<PoolSoftmaxConfig, 'logQ' | 'sketch' | 'labels'>,
  examples: ExampleSet,
  { windowsMove = false }: CreateObjectiveOptions,
): Frequencies | undefined {
  if (logQ === 'none') return undefined;
  const drawn = windowsMove ? { kind: 'next-item' as const, minRating: labels.minRating } : labels;
  return logQ === 'exact' ? exactFrequencies(examples, drawn) : sketchFrequencies(examples, sketch, drawn);
}

function withoutKind<T extends { readonly kind: string; readonly negativeItems?: string }>({
  kind: _,
  negativeItems: __,
  ...rest
}: T): Omit<T, 'kind' | 'negativeItems'> {
  return rest;
}
