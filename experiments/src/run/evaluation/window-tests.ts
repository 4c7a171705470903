import { type ExampleSet, windowTestSets } from '@seqrec/data';
import {
  evaluate,
  evaluateItemNeighbours,
  evaluatePerplexity,
  type ItemNeighbours,
  QUERY_TIME_IN_WORDS,
  TIES_IN_WORDS,
  type TokenEncoder,
} from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';
import type { PreparedData } from '../../data/dataset.ts';
import type { Progress } from '../../terminal/progress.ts';
import type { StopSignal } from '../process/stop.ts';
import { withProgress } from './with-progress.ts';

export const windowSets = ['recent', 'older', 'future'] as const;
export type WindowSet = (typeof windowSets)[number];

/** A model on the three test sets of sliding-window training, and its item vectors. */
export interface WindowTests {
  /** HR, NDCG, MRR, `perplexity`. A set without examples is absent. */
  readonly sets: Readonly<Partial<Record<WindowSet, { readonly metrics: Metrics; readonly queries: number }>>>;
  /** Absent for data without categories. */
  readonly items?: ItemNeighbours;
  readonly definition: readonly string[];
}

type Metrics = Readonly<Record<string, number>>;

export interface WindowTestContext {
  readonly config: RecipeConfig;
  readonly progress: Progress;
  readonly stop?: StopSignal;
  /** Sets to look at; default: all. */
  readonly sets?: readonly WindowSet[];
  /** Events of the windows that are tested; default: the model's. */
  readonly maxLength?: number;
  /** Examples of a set that are looked at; default: all. */
  readonly select?: (set: ExampleSet) => ExampleSet;
}

/**
 * The three test sets and the item vectors of a run that kept users out of training.
 *
 * Recent and older windows are sequences: every event that has one before it in the window is predicted. Of the
 * future, the one unseen event is.
 */
export async function evaluateWindowTests(
  model: TokenEncoder,
  data: PreparedData & { readonly heldOut: NonNullable<PreparedData['heldOut']> },
  context: WindowTestContext,
): Promise<WindowTests> {
  const { config, sets: wanted = windowSets, maxLength = model.maxSequenceLength } = context;
  const { excludeSeen, ties, queryTime } = config.evaluation;
  const { whole, share, seed } = data.heldOut;
  const tests = windowTestSets(whole, { maxLength, heldOut: share, seed });
  const sets: Partial<Record<WindowSet, { metrics: Metrics; queries: number }>> = {};
  const warnings: string[] = [];
  for (const name of wanted) {
    const examples = context.select?.(tests[name]) ?? tests[name];
    if (examples.targets.length === 0) continue;
    const { warnings: own, ...figures } = await evaluateOne(model, examples, name, context);
    sets[name] = figures;
    warnings.push(...own);
  }
  const categories = data.split.interactions.catalogue?.hasCategories === true;
  const items = categories
    ? await withProgress('item neighbours, items', context, (onProgress) =>
        evaluateItemNeighbours({ model, train: data.split.train, onProgress }),
      )
    : undefined;
  return {
    sets,
    ...(items !== undefined && { items }),
    definition: [
      `Users held out of training: a share of ${share}. Recent: their latest window of ${maxLength} events. Older: a random earlier window that shares no event with it (${tests.withoutOlder} users are too short). In both every event with one before it is a query. Future: the last event of all ${tests.future.targets.length} users.`,
      `HR, NDCG, MRR: exact rank among all items${excludeSeen === false ? '' : ` but those of ${excludeSeen === 'all' ? 'all events of the user' : 'the window'} before the query`}. Perplexity: exp of the mean cross-entropy in a softmax over all items at temperature ${config.objective.temperature}${model.temperature === undefined ? '' : ', learned from there'}.`,
      `Ties: ${TIES_IN_WORDS[ties]}. Time of a query, where a model reads it: ${QUERY_TIME_IN_WORDS[queryTime]}.`,
      ...(items?.definition ?? []),
      ...warnings,
    ],
  };
}

/** All figures of window tests under one name each: `older/MRR`, `items/mAP`, `items/mAP decile 1`. */
export function flatWindowTests({ sets, items }: WindowTests): Record<string, number> {
  const flat: Record<string, number> = {};
  const add = (prefix: string, metrics: Metrics, suffix = ''): void => {
    for (const [name, value] of Object.entries(metrics)) flat[`${prefix}/${name}${suffix}`] = value;
  };
  for (const [name, { metrics }] of Object.entries(sets)) add(name, metrics);
  if (items === undefined) return flat;
  add('items', items.metrics);
  for (const [d, { metrics }] of items.deciles.entries()) add('items', metrics, ` decile ${d + 1}`);
  return flat;
}

async function evaluateOne(
  model: TokenEncoder,
  examples: ExampleSet,
  name: WindowSet,
  context: WindowTestContext,
): Promise<{ metrics: Metrics; queries: number; warnings: readonly string[] }> {
  const { evaluation, objective } = context.config;
  const { ks, batchSize, excludeSeen, ties, queryTime } = evaluation;
  const positions = name === 'future' ? ('last' as const) : ('all' as const);
  const common = { model, examples, positions, batchSize, queryTime };
  const { metrics, ranks, warnings } = await withProgress(`${name} windows, users`, context, (onProgress) =>
    evaluate({ ...common, ks, excludeSeen, ties, onProgress }),
  );
  const { perplexity } = await withProgress(`perplexity of ${name} windows, users`, context, (onProgress) =>
    evaluatePerplexity({ ...common, temperature: objective.temperature, onProgress }),
  );
  const own = { metrics: { ...metrics, perplexity }, queries: ranks.length };
  return { ...own, warnings: warnings.map((warning) => `${name}: ${warning}.`) };
}
