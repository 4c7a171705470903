import type { ExampleSet } from '@seqrec/data';
import type { RecipeConfig } from '../../config/schema.ts';
import { windowed } from '../../data/dataset.ts';
import { ConfigError } from '../../errors.ts';
import { stepFlops, totalFlops } from '../../measure/flops/step.ts';

/**
 * Floating-point operations of one epoch over the newest windows of a training set: encoder and objective, forwards
 * and backwards, `2` for a product and a sum. Nothing for a model or a loss whose operations are not counted, nor for
 * generation.
 */
export function epochFlops({ model, objective, task }: RecipeConfig, train: ExampleSet): number | undefined {
  // Codes are several tokens an event, and the softmax is over those of a level.
  if (task.kind === 'generation') return undefined;
  const { starts, targets, interactions } = windowed(train, model.maxSequenceLength);
  const lengths = Array.from(targets, (target, e) => target - starts[e]).filter((length) => length > 0);
  try {
    return totalFlops(stepFlops(model, objective, lengths, interactions.numItems));
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}
