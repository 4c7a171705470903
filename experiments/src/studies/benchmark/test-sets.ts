import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ExampleSet, TargetRule } from '@seqrec/data';
import { loadModel, metricNames, metricsUnder, type TokenEncoder } from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';
import type { PreparedData } from '../../data/dataset.ts';
import { splitBy } from '../../data/split-by.ts';
import { ConfigError } from '../../errors.ts';
import { type EvaluationContext, evaluateSet } from '../../run/evaluation/evaluate-set.ts';
import { listFigures } from '../../run/evaluation/list-figures.ts';
import { readJson, writeJson } from '../../run/folder/atomic.ts';
import { readRanks, saveRanks } from '../../run/folder/ranks.ts';
import type { RunDir } from '../../run/folder/run-dir.ts';

/** The targets of a protocol itself. */
export const OWN_TEST = '';

/** Sets that models of one protocol are tested on, by name; {@link OWN_TEST} is that of the split. */
export type TestSets = ReadonlyMap<string, ExampleSet>;

/**
 * The test set of a split, and those with other targets after the same cut. What trains and validates stays.
 *
 * @throws ConfigError when the split has no rule of targets.
 */
export function testSets(
  config: Pick<RecipeConfig, 'data'>,
  { split }: Pick<PreparedData, 'split'>,
  tests: Readonly<Record<string, TargetRule>> = {},
): TestSets {
  const sets = new Map([[OWN_TEST, split.test]]);
  for (const [name, target] of Object.entries(tests)) {
    const given = 'split' in config.data ? config.data.split : undefined;
    const own = typeof given === 'string' ? { kind: given } : given;
    if (own?.kind !== 'global-time')
      throw new ConfigError(
        `benchmark: tests: expected data.split of the kind global-time for '${name}'; got ${JSON.stringify(given)}`,
      );
    const { test } = splitBy({ ...own, target } as Parameters<typeof splitBy>[0], split.interactions);
    sets.set(name, test);
  }
  return sets;
}

/** What a finished run says of the sets beside its own metrics. */
export interface RunTests {
  /** Metrics on the further sets, by name. */
  readonly further: ReadonlyMap<string, Readonly<Record<string, number>>>;
  readonly lists: ListFigures;
}

/** Of the lists of ten at the targets of the split. */
export interface ListFigures {
  readonly coverage: number;
  /** Absent where no target has a training event. */
  readonly popularity?: number;
}

/** Of the figures of lists of `k` those that stand in a table. */
export function ofLists(figures: Readonly<Record<string, number>>, k: number): ListFigures {
  return { coverage: figures[`coverage@${k}`], popularity: figures[`popularity@${k}`] };
}

export const LIST_LENGTH = 10;

/** Tests a finished run; ranks and figures are kept with the run. */
export async function testRun(
  run: RunDir,
  sets: TestSets,
  context: EvaluationContext,
  counts: Int32Array,
): Promise<RunTests> {
  const further = [...sets].filter(([name]) => name !== OWN_TEST);
  const missing = further.filter(([name, set]) => !hasRanksOf(ranksFile(run, name), set));
  const lists = join(run.path, 'test-lists.json');
  if (missing.length > 0 || !existsSync(lists)) {
    const { checkpoint } = readRanks(run.ranks);
    const model = await loadModel(checkpoint === 'best' ? run.best : run.last);
    try {
      for (const [name, set] of missing)
        await saveRanks(ranksFile(run, name), await evaluateSet(model, set, context), checkpoint);
      writeJson(lists, await modelLists(model, sets.get(OWN_TEST)!, context, counts));
    } finally {
      model.dispose();
    }
  }
  return {
    further: new Map(
      further.map(([name]) => [name, metricsUnder(readRanks(ranksFile(run, name)), context.options.ks)] as const),
    ),
    lists: readJson(lists) as ListFigures,
  };
}

async function modelLists(
  model: TokenEncoder,
  test: ExampleSet,
  context: EvaluationContext,
  counts: Int32Array,
): Promise<ListFigures> {
  const k = Math.min(LIST_LENGTH, model.numItems);
  const figures = await listFigures(model, test, { ...context, options: { ...context.options, lists: k } }, counts);
  return ofLists(figures, k);
}

/** Whether a file has the ranks of these targets: tests keep their names when their rules change. */
export function hasRanksOf(file: string, { users, targets, interactions }: ExampleSet): boolean {
  if (!existsSync(file)) return false;
  const kept = readRanks(file);
  return (
    kept.users.length === targets.length &&
    targets.every((event, e) => kept.users[e] === users[e] && kept.items?.[e] === interactions.itemIds[event])
  );
}

/** The metrics that were kept with ranks; those that have become known since are taken from the ranks. */
export function withNewMetrics(
  kept: Readonly<Record<string, number>>,
  ranks: string,
  ks: readonly number[],
): Readonly<Record<string, number>> {
  if (metricNames(ks).every((name) => Object.hasOwn(kept, name))) return kept;
  return { ...metricsUnder(readRanks(ranks), ks), ...kept };
}

/** The ranks of a run on a set. */
export function ranksFile(run: RunDir, test: string): string {
  return test === OWN_TEST ? run.ranks : join(run.path, `test-ranks-${test}.safetensors`);
}
