import type { ExampleSet } from '@seqrec/data';
import { modelKinds } from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';
import { type CodedItems, generationOf, readCodedItems } from '../../data/coded-items.ts';
import { windowed } from '../../data/dataset.ts';
import { ConfigError, UsageError } from '../../errors.ts';
import { codeStepFlops } from '../../measure/flops/codes.ts';
import { stepFlops, totalFlops } from '../../measure/flops/step.ts';
import type { Budget } from '../search/budget.ts';

/**
 * Floating-point operations of one epoch over the newest windows of a training set: encoder and objective, forwards
 * and backwards, `2` for a product and a sum. Nothing for a model or a loss whose operations are not counted; of
 * generation those of an encoder over codes alone are, once its codes are known.
 */
export function epochFlops(
  { model, objective, task }: RecipeConfig,
  train: ExampleSet,
  coded?: Pick<CodedItems, 'codes' | 'dense' | 'language'>,
): number | undefined {
  const { starts, targets, interactions } = windowed(train, model.maxSequenceLength);
  const lengths = Array.from(targets, (target, e) => target - starts[e]).filter((length) => length > 0);
  try {
    if (task.kind !== 'generation') return totalFlops(stepFlops(model, objective, lengths, interactions.numItems));
    const isCounted = coded && !coded.dense && !coded.language && modelKinds('encode').includes(model.kind);
    return isCounted ? totalFlops(codeStepFlops(model, coded.codes, lengths)) : undefined;
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/** {@link epochFlops} of a run that is planned: of codes, where a file has them. */
export async function plannedFlops(config: RecipeConfig, train: ExampleSet): Promise<number | undefined> {
  return epochFlops(config, train, await readCodedItems(config, train, generationOf(config)?.idsFile));
}

/** @throws UsageError for a budget of operations where those of a configuration are not counted. */
export async function checkCounted(
  option: string,
  budget: Budget,
  config: RecipeConfig,
  train: ExampleSet,
): Promise<void> {
  if (budget.unit !== 'flops' || (await plannedFlops(config, train)) !== undefined) return;
  const { model, objective } = config;
  const isOfUnknownCodes = generationOf(config) !== undefined && generationOf(config)?.idsFile === undefined;
  const [over, hint] = isOfUnknownCodes
    ? [' over codes that are fitted later', 'or codes of a file, task.idsFile']
    : ['', undefined];
  throw new UsageError(
    `--${option}: expected a time such as 20m, since the operations of ${model.kind} under ${objective.kind}${over} are not counted; got ${budget.most}`,
    hint,
  );
}
