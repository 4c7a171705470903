import { existsSync } from 'node:fs';
import { withUserVectors } from '@seqrec/data';
import { loadModel } from '@seqrec/models';
import { isWorld } from '../../config/data-schema.ts';
import type { RecipeConfig } from '../../config/schema.ts';
import { dataFolder } from '../../data/data-folder.ts';
import { readUserVectors } from '../../data/user-vectors.ts';
import { UsageError } from '../../errors.ts';
import { readJson, writeJson } from '../../run/folder/atomic.ts';
import { describeEnvironment } from '../../run/folder/environment.ts';
import { makeFolder } from '../../run/folder/make-folder.ts';
import { checkAgainstData } from '../../run/open/check-config.ts';
import { startBackend } from '../../run/process/backend.ts';
import { Interrupted, listenForStop, signalExitCode } from '../../run/process/stop.ts';
import { formatDuration } from '../../terminal/format.ts';
import { Progress } from '../../terminal/progress.ts';
import { armConfig, type ScaleOptions, type StudyBase, studyBase, studyFolder } from '../scale/base.ts';
import { showStudy } from '../study/show.ts';
import { StudyDir } from '../study/study.ts';
import { type RequestCost, requestCost } from './cost.ts';
import { type Age, type LineName, lines, rankAtAges, splitOver } from './points.ts';
import { readPoints, savePoints } from './points-file.ts';
import { finishStaleness } from './report.ts';
import { type StalenessPlan, type StudyContext, type TrainedLines, trainLines } from './train-lines.ts';

export interface StalenessOptions extends Omit<ScaleOptions, 'encoders' | 'objectives' | 'evaluatedUsers'> {
  /** Of the small model. */
  readonly encoder: string;
  readonly width: number;
  readonly depth: number;
  /** Events that it reads. */
  readonly window: number;
  /** Ages of the vectors, in events. */
  readonly ages: readonly number[];
  /** And in hours; default: {@link HOURS}, none where the data have no times. */
  readonly hours?: readonly number[];
  readonly seeds: readonly number[];
  /** Default: those of the recipe. */
  readonly epochs?: number;
}

/**
 * `seqrec scale staleness`: a large model of long histories, whose user vectors are computed apart from requests, and a
 * small one that reads the newest events at the request: quality against the age of the vectors, and cost.
 */
export async function scaleStaleness(options: StalenessOptions): Promise<number> {
  refuseUnread(options);
  const progress = new Progress({ quiet: options.quiet });
  const base = await studyBase({ ...options, encoders: [], objectives: 'shared', evaluatedUsers: 0 }, progress);
  const plan = planOf(base.name, base.config, options);
  const ages: Age[] = [
    ...options.ages.map((value): Age => ({ unit: 'events', value })),
    ...hoursOf(options, base, progress).map((value): Age => ({ unit: 'hours', value })),
  ];
  // The long model is trained for hours before the small one is built.
  for (const config of [plan.long, plan.small]) checkAgainstData(config, base.data);
  const { seeds } = options;
  const { recipe, ...trained } = plan;
  const dir = new StudyDir(studyFolder('staleness', recipe, options.out));
  const request = { ...trained, ages, seeds };
  const identity = { kind: 'staleness', recipe, request, data: base.data.split.interactions.digest };
  dir.savedPlan(identity);
  const choice = await startBackend(options.backend);
  progress.note(`backend ${choice.name}: ${choice.reason}`);
  const lock = dir.open();
  const stop = listenForStop(() => progress.note('stopping after this step; Ctrl-C again stops at once'));
  const context = { dir, data: base.data, dataFolder: dataFolder(options.dataFolder), choice, progress, stop };
  const began = performance.now();
  try {
    if (!existsSync(dir.plan)) writeJson(dir.plan, { ...identity, arms: [], notes: [] });
    if (!existsSync(dir.file('environment.json'))) writeJson(dir.file('environment.json'), describeEnvironment(choice));
    const bySeed = [];
    for (const seed of seeds) {
      const file = dir.file(`points/seed-${seed}.safetensors`);
      if (!existsSync(file)) await measureSeed(file, await trainLines(plan, seed, context), plan, ages, context);
      bySeed.push(readPoints(file));
      progress.note(`seed ${seed} is measured  ${formatDuration((performance.now() - began) / 1000)}`);
    }
    const cost = await costOf(plan, seeds[0], context);
    showStudy(dir, finishStaleness(dir, { plan, request, ages, seeds, bySeed, cost }), options.save);
    return 0;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    console.error('saved; the same command goes on from here');
    return signalExitCode(stop.signal ?? 'SIGINT');
  } finally {
    progress.clear();
    stop.dispose();
    lock.release();
  }
}

const HOURS = [1, 24, 168];

/** Where the data have no times an hour is nothing: hours that are asked for are refused, before anything trains. */
function hoursOf(
  { hours }: StalenessOptions,
  { data: { split } }: Pick<StudyBase, 'data'>,
  progress: Progress,
): readonly number[] {
  if (split.interactions.hasTimestamps) return hours ?? HOURS;
  if (hours !== undefined && hours.length > 0)
    throw new UsageError(
      `--hours: expected none for data without times; got ${hours.join(',')}`,
      '--hours none measures by --ages alone',
    );
  if (hours === undefined) progress.note('note: no ages in hours, since the data have no times');
  return [];
}

/** What the study sets itself is refused, not ignored; no baseline stands beside its lines. */
function refuseUnread({ overrides, epochs }: StalenessOptions): void {
  for (const { key, text } of overrides) {
    const none = key === 'evaluation.baselines' && ['[]', 'none'].includes(String(text));
    if (/^evaluation\.(baselines|tuneBaselines|ease)\b/.test(key) && !none)
      throw new UsageError(
        `--${key}: expected no baselines in scale staleness, which measures none; got them`,
        'leave it out',
      );
    if (key === 'evaluation.positions')
      throw new UsageError(
        '--evaluation.positions: expected none in scale staleness, which ranks the last event of each user; got it',
        'leave it out',
      );
    if (key === 'training.epochs' && epochs !== undefined)
      throw new UsageError('--training.epochs: expected one of this and --epochs; got both', 'leave one out');
  }
}

function planOf(recipe: string, config: RecipeConfig, options: StalenessOptions): StalenessPlan {
  const { window, width, depth, encoder, ages } = options;
  const epochs = options.epochs ?? config.training.epochs;
  const long: RecipeConfig = {
    ...config,
    training: { ...config.training, epochs },
    evaluation: { ...config.evaluation, baselines: [] },
  };
  if (isWorld(config.data))
    throw new UsageError('scale staleness: expected a recipe on data with users; got a synthetic stream');
  if (window > long.model.maxSequenceLength)
    throw new UsageError(
      `--window: expected at most the ${long.model.maxSequenceLength} events that the long model reads; got ${window}`,
    );
  const small = armConfig(long, encoder, { width, depth, length: window }, 'shared');
  return { recipe, long, small, every: [...new Set([1, ...ages.filter((age) => age > 0)])] };
}

/** Ranks of a seed at all ages, into its file. */
async function measureSeed(
  file: string,
  trained: TrainedLines,
  { long }: StalenessPlan,
  ages: readonly Age[],
  { data, progress, stop, dir }: StudyContext,
): Promise<void> {
  const models = await loadLines(trained);
  const { ks, batchSize, excludeSeen, ties, queryTime } = long.evaluation;
  const protocol = {
    ...{ ks, batchSize, excludeSeen, ties, queryTime },
    temperature: long.objective.temperature,
    onBatch: () => {
      if (stop.signal !== undefined) throw new Interrupted('stopped while measuring');
    },
  };
  progress.start();
  try {
    const vectors = await readUserVectors(trained.vectors, data.split.interactions);
    const onPoint = (done: number, total: number): void => progress.update({ label: 'measure, points', done, total });
    makeFolder(dir.file('points'));
    await savePoints(file, await rankAtAges(models, { vectors, data, ages, protocol, onPoint }));
  } finally {
    progress.clear();
    for (const model of Object.values(models)) model.dispose();
  }
}

async function loadLines(trained: TrainedLines) {
  const [long, small, aged, fresh] = await Promise.all(
    (Object.keys(lines) as LineName[]).map((line) => loadModel(trained[line])),
  );
  return { long, small, aged, fresh };
}

/** Measured once, with the models of the first seed; anew where a file is from before the pair was timed. */
async function costOf(plan: StalenessPlan, seed: number, context: StudyContext): Promise<RequestCost> {
  const file = context.dir.file('cost.json');
  const known = existsSync(file) ? (readJson(file) as Partial<RequestCost>) : {};
  if (known.pair !== undefined) return known as RequestCost;
  const trained = await trainLines(plan, seed, context);
  const models = await loadLines(trained);
  context.progress.note('timing requests');
  const { split } = context.data;
  const vectors = await readUserVectors(trained.vectors, split.interactions);
  const aged = withUserVectors(split.interactions, { vectors, refresh: { age: Math.max(...plan.every) } });
  const cost = await requestCost(models, { set: split.test, withVectors: splitOver(split, aged).test });
  for (const model of Object.values(models)) model.dispose();
  writeJson(file, cost);
  return cost;
}
