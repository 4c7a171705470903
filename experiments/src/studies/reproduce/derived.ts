import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { loadModel } from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';
import { readCodedItems, withDecoding } from '../../data/coded-items.ts';
import type { PreparedData } from '../../data/dataset.ts';
import { RunError } from '../../errors.ts';
import { settingsOf } from '../../run/evaluation/baseline-ranks.ts';
import { evaluateBaselines } from '../../run/evaluation/baselines.ts';
import { evaluateSet } from '../../run/evaluation/evaluate-set.ts';
import { listFiguresAsked } from '../../run/evaluation/list-figures.ts';
import { rankingRules } from '../../run/evaluation/protocol.ts';
import { queryParts, rankSegments } from '../../run/evaluation/rank-segments.ts';
import { readJson, writeJson } from '../../run/folder/atomic.ts';
import { testedFile } from '../../run/folder/ranks.ts';
import { type RunResults, savedResults } from '../../run/folder/results.ts';
import { openRunDir, type RunDir } from '../../run/folder/run-dir.ts';
import { savedConfig } from '../../run/open/resume.ts';
import { Interrupted, type StopSignal } from '../../run/process/stop.ts';
import type { Progress } from '../../terminal/progress.ts';
import { partMetrics } from './further-metrics.ts';
import type { SeedRun } from './seeds.ts';
import type { TableRow } from './table.ts';

type Figures = Readonly<Record<string, number>>;

interface DerivedContext {
  readonly out: string;
  /** The runs that are there, among them that of the row that this one is from. */
  readonly runs: readonly SeedRun[];
  readonly seed: number;
  readonly config: RecipeConfig;
  readonly data: PreparedData;
  readonly progress: Progress;
  readonly stop: StopSignal;
}

/** Figures of a row from the run of another: a baseline, or its model asked again. Nothing when stopped. */
export async function derivedSeed(
  { name, from }: TableRow & { readonly from: NonNullable<TableRow['from']> },
  context: DerivedContext,
): Promise<SeedRun | undefined> {
  const { runs, seed, out, progress } = context;
  const source = runs.find((run) => run.row === from.row && run.seed === seed);
  if (source === undefined)
    throw new RunError(`table: ${name}: expected a run of ${from.row} with seed ${seed} before it; got none`);
  const run = openRunDir(out, source.run);
  const shared = { row: name, seed, run: source.run };
  try {
    if (from.baseline !== undefined) return { ...shared, metrics: await ofBaseline(run, from.baseline, context) };
    progress.note(`${name}, seed ${seed}: ${source.run} asked again`);
    return { ...shared, metrics: await kept(run, context, () => askedAgain(run, context)) };
  } catch (error) {
    if (error instanceof Interrupted) return undefined;
    throw error;
  }
}

/**
 * The baseline as it stands in the run; made anew where it is asked otherwise, and for parts or lists that the run has
 * not.
 */
async function ofBaseline(run: RunDir, baseline: string, context: DerivedContext): Promise<Figures> {
  const { config, data, progress, stop } = context;
  const { baselines } = savedResults(run) as RunResults;
  const found = baselines.find(({ name, split }) => name === baseline && split === 'test');
  const { segments: columns = [], lists, ks } = config.evaluation;
  const own = savedConfig(run).config.evaluation;
  const isAsked =
    isDeepStrictEqual(rankingRules(own), rankingRules(config.evaluation)) &&
    isDeepStrictEqual(settingsOf(baseline, own), settingsOf(baseline, config.evaluation)) &&
    isDeepStrictEqual(own.ks, ks);
  const hasParts =
    columns.length === 0 || (found?.segments?.length === columns.length && isDeepStrictEqual(own.segments, columns));
  const hasLists = lists === undefined || found?.metrics[`coverage@${lists}`] !== undefined;
  if (found !== undefined && isAsked && hasParts && hasLists)
    return { ...found.metrics, ...partMetrics(found.segments) };
  return kept(
    run,
    context,
    async () => {
      const options = { ...config.evaluation, baselines: [baseline] };
      const asking = { data, options, window: config.model.maxSequenceLength, progress, stop };
      const { test } = data.split;
      const { evaluated, skipped } = await evaluateBaselines([test], asking);
      const [own] = evaluated;
      if (own === undefined) throw new RunError(`table: baseline ${baseline}: ${skipped[0].reason}`);
      const segments = rankSegments(queryParts(test, asking), own.evaluation, options.ks);
      return { ...own.evaluation.metrics, ...own.lists, ...partMetrics(segments) };
    },
    baseline,
  );
}

/** What was measured before under the same task and rules, in the folder of the run; else it is measured and kept. */
async function kept(
  run: RunDir,
  { config: { task, evaluation } }: DerivedContext,
  measure: () => Promise<Figures>,
  of = 'model',
): Promise<Figures> {
  const asked = createHash('sha256').update(JSON.stringify({ of, task, evaluation })).digest('hex').slice(0, 12);
  const file = join(run.path, `asked-${asked}.json`);
  if (existsSync(file)) return readJson(file) as Figures;
  const metrics = await measure();
  writeJson(file, metrics);
  return metrics;
}

/** The chosen checkpoint on the test set under another way to ask. */
async function askedAgain(run: RunDir, { config, data, progress, stop }: DerivedContext): Promise<Figures> {
  const { evaluation } = config;
  const { train, test } = data.split;
  const generation = await readCodedItems(config, train, run.ids);
  const context = {
    data: withDecoding({ ...data, ...(generation && { generation }) }, config),
    options: evaluation,
    window: config.model.maxSequenceLength,
    ...{ progress, stop },
  };
  const model = await loadModel(testedFile(run));
  try {
    const tested = await evaluateSet(model, test, context);
    const segments = rankSegments(queryParts(test, context), tested, evaluation.ks);
    const lists = await listFiguresAsked(model, test, context);
    return { ...tested.metrics, ...lists, ...partMetrics(segments) };
  } finally {
    model.dispose();
  }
}
