import type { ExampleSet } from '@seqrec/data';
import type { ObjectiveConfigInput } from './config.ts';
import type { ObjectiveData } from './definition.ts';
import { exactFrequencies, sketchFrequencies } from './frequencies.ts';
import type { Objective } from './objective.ts';
import { objectiveDefinition, parseObjectiveConfig } from './registry.ts';

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
  options?: CreateObjectiveOptions,
): Objective;
export function createObjective<C extends { readonly kind: string }>(
  config: C,
  examples: ExampleSet,
  options?: CreateObjectiveOptions,
): Objective;
export function createObjective(
  config: object,
  examples: ExampleSet,
  { windowsMove = false }: CreateObjectiveOptions = {},
): Objective {
  const parsed = parseObjectiveConfig(config);
  const frequencies: ObjectiveData['frequencies'] = (labels = { kind: 'next-item' }, sketch) => {
    const drawn = windowsMove ? { kind: 'next-item' as const, minRating: labels.minRating } : labels;
    return sketch === undefined ? exactFrequencies(examples, drawn) : sketchFrequencies(examples, sketch, drawn);
  };
  return objectiveDefinition(parsed).create(parsed as never, { examples, windowsMove, frequencies });
}
