import { type ExampleSet, eventsOfItems } from '@seqrec/data';
import {
  codeWriter,
  coverage,
  generatedLists,
  giniOfItems,
  type Protocol,
  p90Coverage,
  popularityRatio,
  recommendedLists,
  type Scorer,
  scorerLists,
  type TokenEncoder,
} from '@seqrec/models';
import { denseDecoding } from '../../data/coded-items.ts';
import { ConfigError } from '../../errors.ts';
import { type EvaluationContext, protocolOf } from './evaluate-set.ts';
import { withProgress } from './with-progress.ts';

/**
 * What the lists of `k` items are like that a model gives the histories of a set: `coverage@k`, `P90Coverage@k`,
 * `Gini@k` of the items in them, and `popularity@k`, their mean number of training events against that of the items to
 * predict, where those have any. Beams may give fewer than `k`.
 *
 * @param counts training events of each item, item 1 first; default: of the split.
 * @throws ConfigError for lists that are longer than the beams of generation.
 */
export async function listFigures(
  model: TokenEncoder,
  set: ExampleSet,
  context: EvaluationContext,
  counts: ArrayLike<number> = eventsOfItems(context.data.split),
): Promise<Readonly<Record<string, number>>> {
  const k = lengthOf(set, context);
  return figuresOf(await listsOf(model, set, k, context), k, set, counts);
}

/** {@link listFigures} of a baseline where a configuration asks for them, else none. */
export async function baselineListFigures(
  scorer: Scorer,
  set: ExampleSet,
  context: EvaluationContext,
): Promise<Readonly<Record<string, number>>> {
  const { lists, baselineHistory: history, excludeSeen } = context.options;
  if (lists === undefined) return {};
  const { examples, candidates } = listProtocol(set, context);
  const k = lengthOf(set, context);
  const made = await withProgress(`lists of ${scorer.name} on ${set.name}, users`, context, (onProgress) =>
    scorerLists({ scorer, examples, k, excludeSeen, history, ...(candidates && { candidates }), onProgress }),
  );
  return figuresOf(made, k, set, eventsOfItems(context.data.split));
}

function lengthOf({ interactions }: ExampleSet, { options }: EvaluationContext): number {
  return Math.min(options.lists ?? 10, interactions.numItems);
}

function figuresOf(
  lists: readonly Int32Array[],
  k: number,
  set: ExampleSet,
  counts: ArrayLike<number>,
): Readonly<Record<string, number>> {
  const { numItems, itemIds } = set.interactions;
  const byId = [0, ...Array.from(counts)];
  const targets = Int32Array.from(set.targets, (event) => itemIds[event]);
  const popularity = popularityRatio(lists, targets, byId);
  return {
    [`coverage@${k}`]: coverage(lists, numItems),
    [`P90Coverage@${k}`]: p90Coverage(lists, numItems),
    [`Gini@${k}`]: giniOfItems(lists, numItems),
    ...(popularity !== undefined && { [`popularity@${k}`]: popularity }),
  };
}

/** What they are, in sentences; none where a configuration does not ask for them. */
export function listDefinition({ lists: k }: Pick<EvaluationContext['options'], 'lists'>): string[] {
  if (k === undefined) return [];
  return [
    `coverage@${k}: share of the items in at least one list of ${k}. P90Coverage@${k}: smallest share of the items that fills 90 % of the places.`,
    `Gini@${k}: Gini coefficient of how often each item stands in the lists. popularity@${k}: mean training events of the items in all places, over that of the items to predict.`,
  ];
}

/** {@link listFigures} where a configuration asks for them, else none. */
export async function listFiguresAsked(
  model: TokenEncoder,
  set: ExampleSet,
  context: EvaluationContext,
): Promise<Readonly<Record<string, number>>> {
  return context.options.lists === undefined ? {} : listFigures(model, set, context);
}

/** One list a user, whatever positions are ranked. */
function listProtocol(set: ExampleSet, context: EvaluationContext): Protocol & { readonly positions: 'last' } {
  return { ...protocolOf(set, context), positions: 'last' };
}

/** The lists, best first, of the examples that have a history. */
function listsOf(
  model: TokenEncoder,
  set: ExampleSet,
  k: number,
  context: EvaluationContext,
): Promise<readonly Int32Array[]> {
  const { generation } = context.data;
  const { excludeSeen, queryTime, batchSize } = context.options;
  const { examples, candidates } = listProtocol(set, context);
  return withProgress(`lists of ${set.name}, users`, context, async (onProgress) => {
    const asked = { examples, k, excludeSeen, queryTime, batchSize, ...(candidates && { candidates }), onProgress };
    if (generation === undefined) return recommendedLists({ model, ...asked });
    const { codes, beams, mask, debias } = generation;
    const dense = denseDecoding(generation, model);
    if (beams !== 'all' && beams < k && dense?.levels !== 0)
      throw new ConfigError(
        `evaluation.lists: expected at most task.beams, ${beams}; got ${k}`,
        'more beams, or shorter lists',
      );
    return generatedLists({
      ...{ writer: codeWriter(model, generation), codes, beams, mask, debias, ...(dense && { dense }) },
      ...asked,
    });
  });
}
