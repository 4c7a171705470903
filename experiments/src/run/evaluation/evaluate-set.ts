import type { Collective } from '@seqrec/core/collectives';
import type { ExampleSet } from '@seqrec/data';
import {
  codeWriter,
  type Evaluation,
  evaluate,
  evaluateGenerated,
  evaluateOverRanks,
  type Protocol,
  type TokenEncoder,
} from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';
import { denseDecoding } from '../../data/coded-items.ts';
import { type PreparedData, windowed } from '../../data/dataset.ts';
import { UsageError } from '../../errors.ts';
import type { Progress } from '../../terminal/progress.ts';
import type { StopSignal } from '../process/stop.ts';
import { usedEvents } from './used-events.ts';
import { withProgress } from './with-progress.ts';

/** What an evaluation needs besides the model and the set. */
export interface EvaluationContext {
  readonly data: PreparedData;
  readonly options: RecipeConfig['evaluation'];
  /** Longest history that is looked at; items before it are not "seen". */
  readonly window: number;
  readonly progress: Progress;
  /** Leaves the evaluation with `Interrupted` when it has a signal. */
  readonly stop?: StopSignal;
}

/** Exact ranks and metrics of a model on a set. */
export function evaluateSet(model: TokenEncoder, set: ExampleSet, context: EvaluationContext): Promise<Evaluation> {
  const { generation } = context.data;
  return withProgress(`evaluate ${set.name}, users`, context, (onProgress) => {
    const asked = { ...protocolOf(set, context), batchSize: context.options.batchSize, onProgress };
    if (generation === undefined) return evaluate({ model, ...asked });
    const { codes, beams, mask, debias } = generation;
    const dense = denseDecoding(generation, model);
    const writer = codeWriter(model, generation);
    return evaluateGenerated({ writer, codes, beams, mask, debias, ...(dense && { dense }), ...asked });
  });
}

/** {@link evaluateSet} by all ranks, each a share of the set; the figures are rank 0's, the others get nothing. */
export function evaluateSetOverRanks(
  model: TokenEncoder,
  set: ExampleSet,
  context: EvaluationContext,
  ranks: Collective,
): Promise<Evaluation | undefined> {
  return withProgress(`evaluate ${set.name}, users`, context, (onProgress) =>
    evaluateOverRanks({ model, ...protocolOf(set, context), batchSize: context.options.batchSize, onProgress }, ranks),
  );
}

/** What goes beside the metrics into records and results, where there is something to say. */
export function warningsIn({ warnings }: Pick<Evaluation, 'warnings'>): { readonly warnings?: readonly string[] } {
  return warnings.length === 0 ? {} : { warnings };
}

/** A part of the split by name. */
export function examplesOf({ split }: PreparedData, name: 'validation' | 'test'): ExampleSet {
  const examples = split[name];
  if (examples === undefined)
    throw new UsageError(
      `--split: expected a part of the split ${split.protocol}, which has train and test; got ${name}`,
    );
  return examples;
}

/** Candidates, seen items, cut-offs: what models and baselines share. */
export function protocolOf(set: ExampleSet, { data, options, window }: EvaluationContext): Protocol {
  const examples = windowed(set, window);
  const { ks, excludeSeen, positions, ties, queryTime } = options;
  return {
    ...{ examples, ks, excludeSeen, positions, ties, queryTime },
    ...(data.openItems && { candidates: data.openItems(examples) }),
    ...(positions === 'all' && { usedEvents: usedEvents(data.split, set) }),
  };
}
