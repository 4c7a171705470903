import type { Collective } from '@seqrec/core/collectives';
import type { ExampleSet } from '@seqrec/data';
import { type Evaluation, isSharded, leftOut, loadModel, loadWeights, type TokenEncoder } from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';
import { watchedSet } from '../../data/dataset.ts';
import { saveBaselineRanks } from '../evaluation/baseline-ranks.ts';
import { baselineDefinition, evaluateBaselines } from '../evaluation/baselines.ts';
import { type EvaluationContext, evaluateSet, protocolOf, warningsIn } from '../evaluation/evaluate-set.ts';
import { listDefinition, listFiguresAsked } from '../evaluation/list-figures.ts';
import { queryParts, rankSegments } from '../evaluation/rank-segments.ts';
import { testedCheckpoint } from '../evaluation/tested-checkpoint.ts';
import { evaluateWindowTests } from '../evaluation/window-tests.ts';
import { saveRanks } from '../folder/ranks.ts';
import type { RunResults, SampleRecommendation, ScoredModel } from '../folder/results.ts';
import type { RunDir } from '../folder/run-dir.ts';
import { nameItem } from '../outputs/item-names.ts';
import { historyBetween, recommendFor } from '../outputs/recommend.ts';
import { say } from '../ranks/commands.ts';
import { evaluateTest, type SharedJudge } from '../ranks/evaluate-together.ts';
import { fewUsersOf, metricIntervals } from '../verdict/bootstrap.ts';
import { inOrder, judge } from '../verdict/verdict.ts';
import { countParameters } from './count-parameters.ts';
import type { TrainOutcome } from './train.ts';
import { writeResults } from './write-results.ts';

const SAMPLES = 5;

export interface FinishContext extends EvaluationContext {
  /** With several ranks: they evaluate the test set together. */
  readonly shared?: { readonly judge: SharedJudge<TokenEncoder, Evaluation>; readonly ranks: Collective };
}

/** What remains when training has ended: the chosen checkpoint on the test set, baselines, sample recommendations. */
export async function finishRun(
  run: RunDir,
  { name, config }: { readonly name: string; readonly config: RecipeConfig },
  outcome: TrainOutcome<TokenEncoder, Evaluation>,
  context: FinishContext,
): Promise<RunResults> {
  const { data, shared } = context;
  const { trainer } = outcome;
  const chosen = testedCheckpoint(config.evaluation, data.split.validation !== undefined);
  const model = await chosenModel(run[chosen], trainer);
  // Without a validation set the loop has just evaluated these weights on the test set.
  const known = chosen === 'last' && watchedSet(data.split) === data.split.test ? outcome.evaluation : undefined;
  const test =
    known ?? (shared && (await evaluatedByAll(model, shared))) ?? (await evaluateSet(model, data.split.test, context));
  const epoch = (chosen === 'best' ? outcome.state.best?.epoch : undefined) ?? outcome.state.evaluatedEpochs;
  const intervals = intervalsOf(test);
  const ofLists = await listFiguresAsked(model, data.split.test, context);
  const scored = { name, split: 'test', metrics: { ...test.metrics, ...ofLists }, intervals, ...warningsIn(test) };
  const final = { ...scored, checkpoint: chosen, epoch };
  await saveRanks(run.ranks, test, chosen);
  const { heldOut } = data;
  const tests = heldOut && (await evaluateWindowTests(model, { ...data, heldOut }, { ...context, config }));
  // On the watched set too: the curves of the report are drawn there.
  const sets = new Set<ExampleSet>([watchedSet(data.split), data.split.test]);
  const { evaluated, skipped } = await evaluateBaselines(sets, context);
  await saveBaselineRanks(run, evaluated);
  const columns = queryParts(data.split.test, context);
  const segmentsOf = (evaluation: Evaluation) => rankSegments(columns, evaluation, config.evaluation.ks);
  const onTest = evaluated.filter((each) => each.split === 'test');
  const results: RunResults = {
    status: 'finished',
    definitions: [
      ...test.definition,
      ...fewUsersOf(test.users),
      ...listDefinition(config.evaluation),
      ...onTest.flatMap((each) => baselineDefinition(each.name, each.evaluation.definition)),
    ],
    baselines: evaluated.map(({ name: baseline, split, evaluation, lists }) => ({
      name: baseline,
      split,
      metrics: { ...evaluation.metrics, ...lists },
      intervals: intervalsOf(evaluation),
      ...warningsIn(evaluation),
      ...(split === 'test' && columns.length > 0 && { segments: segmentsOf(evaluation) }),
    })),
    parameters: countParameters(model),
    leftOut: skipped,
    verdict: judge(
      test,
      onTest.map(({ name, evaluation }) => ({ name, ranks: inOrder(evaluation) })),
      { ...config.evaluation, split: 'test' },
    ),
    final,
    ...(tests && { windowTests: tests }),
    ...(columns.length > 0 && { segments: segmentsOf(test) }),
    samples: await samples(model, context, test),
  };
  writeResults(run, results, outcome.trainer.progress.globalStep);
  return results;
}

/** The model with the chosen weights; where its tables lie on several ranks, one of its own that is whole. */
async function chosenModel(
  file: string,
  { model }: TrainOutcome<TokenEncoder, Evaluation>['trainer'],
): Promise<TokenEncoder> {
  if (isSharded(model)) return loadModel(file);
  await loadWeights(file, model);
  return model;
}

async function evaluatedByAll(
  model: TokenEncoder,
  { judge, ranks }: NonNullable<FinishContext['shared']>,
): Promise<Evaluation | undefined> {
  await say(ranks, { does: 'evaluate', set: 'test' });
  return evaluateTest(model, judge, ranks);
}

function intervalsOf(evaluation: Evaluation): NonNullable<ScoredModel['intervals']> {
  return metricIntervals(inOrder(evaluation), Object.keys(evaluation.metrics));
}

async function samples(
  model: TokenEncoder,
  context: EvaluationContext,
  test: Evaluation,
): Promise<SampleRecommendation[]> {
  const { data, options } = context;
  const { interactions } = data.split;
  const asked = protocolOf(data.split.test, context);
  const { users, starts, targets } = asked.examples;
  const count = Math.min(SAMPLES, users.length);
  const result: SampleRecommendation[] = [];
  for (let i = 0; i < count; i++) {
    const example = Math.floor(((i + 0.5) * users.length) / count);
    const events = historyBetween(interactions, users[example], starts[example], targets[example]);
    if (events.items.length === 0) continue;
    const next = interactions.itemIds[targets[example]];
    // As the set was evaluated: the ranks below must be those of the lists.
    const requestTime = interactions.timestamps[targets[example] - (options.queryTime === 'last' ? 1 : 0)];
    const { generation } = data;
    const recommender = { model, window: context.window, ...(generation && { generation }) };
    const recommended = await recommendFor(recommender, interactions, events, {
      k: Math.min(10, interactions.numItems),
      leftOut: [...leftOut(example, { ...asked, excludeSeen: options.excludeSeen }, interactions.numItems)].filter(
        (item) => item !== next,
      ),
      requestTime,
    });
    // With a query at every position, the last one of an example is its target's.
    const query = test.examples.lastIndexOf(example);
    const [rank, tied] = [test.ranks[query], test.tied[query]];
    result.push({
      user: interactions.users.external(users[example]),
      ...recommended,
      target: { ...nameItem(interactions, next), rank, ...(tied > 0 && { tied }) },
    });
  }
  return result;
}
