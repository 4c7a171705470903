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

/**
 * The objective that a configuration describes.
 *
 * @param examples the training set: a logQ correction counts how often its items are labels
 * @throws ConfigError, see `parseObjectiveConfig`.
 */
export function createObjective(config: ObjectiveConfigInput, examples: ExampleSet): Objective {
  const { actionWeight, ...parsed } = parseObjectiveConfig(config);
  const objective = itemObjective(parsed, examples);
  return actionWeight === 0 ? objective : withActions(objective, actionWeight);
}

function itemObjective(parsed: ItemConfig, examples: ExampleSet): Objective {
  switch (parsed.kind) {
    case 'pool-softmax':
      return poolSoftmaxObjective(withoutKind(parsed), frequenciesOf(parsed, examples));
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
  { logQ, sketch }: Pick<PoolSoftmaxConfig, 'logQ' | 'sketch'>,
  examples: ExampleSet,
): Frequencies | undefined {
  if (logQ === 'none') return undefined;
  return logQ === 'exact' ? exactFrequencies(examples) : sketchFrequencies(examples, sketch);
}

function withoutKind<T extends { readonly kind: string }>({ kind: _, ...rest }: T): Omit<T, 'kind'> {
  return rest;
}
