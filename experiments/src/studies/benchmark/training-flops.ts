import type { ExampleSet } from '@seqrec/data';
import type { RecipeConfig } from '../../config/schema.ts';
import { windowed } from '../../data/dataset.ts';
import { ConfigError, UsageError } from '../../errors.ts';
import { stepFlops, totalFlops } from '../../measure/flops/step.ts';
import type { Budget } from '../search/budget.ts';

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

/** @throws UsageError for a budget of operations where those of a configuration are not counted. */
export function checkCounted(option: string, budget: Budget, config: RecipeConfig, train: ExampleSet): void {
  if (budget.unit !== 'flops' || epochFlops(config, train) !== undefined) return;
  const { model, objective, task } = config;
  const over = task.kind === 'generation' ? ' over codes' : '';
  throw new UsageError(
    `--${option}: expected a time such as 20m, since the operations of ${model.kind} under ${objective.kind}${over} are not counted; got ${budget.most}`,
  );
}
