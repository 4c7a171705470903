import { idsDigest, type StoredIds } from '@seqrec/models';
import type { Override } from '../../arguments.ts';
import { baselineSettings } from '../../config/baseline-names.ts';
import { resolveRun } from '../../config/load-recipe.ts';
import { applyOverrides } from '../../config/overrides.ts';
import type { RankingRunConfig } from '../../config/ranking-schema.ts';
import { isRankingConfig, type RunConfig, runConfigSchema, sequenceConfig } from '../../config/run-config.ts';
import type { RecipeConfig } from '../../config/schema.ts';
import { withTeachers, withTeachersOf } from '../../config/teachers.ts';
import { validate } from '../../config/validate.ts';
import type { DataSummary } from '../../data/data-summary.ts';
import { ConfigError, RunError } from '../../errors.ts';
import { readJson } from '../folder/atomic.ts';
import { readMetrics } from '../folder/metrics-log.ts';
import { openRunDir, type RunDir } from '../folder/run-dir.ts';
import { refuseLocked } from '../folder/run-lock.ts';
import { missingPlugins, pluginOptions } from './recorded-plugins.ts';

/**
 * {@link savedRun} over encoded histories.
 *
 * @throws ConfigError for a run of rows.
 */
export function savedConfig(run: RunDir): { readonly name: string; readonly config: RecipeConfig } {
  const { name, config } = savedRun(run);
  return { name, config: sequenceConfig(config, `the run ${run.id}`) };
}

/** {@link savedRun} of a task over rows. @throws RunError for a run of another task. */
export function rankingRunConfig(run: RunDir): RankingRunConfig {
  const { config } = savedRun(run);
  if (isRankingConfig(config)) return config;
  throw new RunError(`run ${run.id}: expected a run of rows, as the first is; got one of ${config.task.kind}`);
}

/**
 * The configuration saved in a run folder.
 *
 * @throws RunError naming the file, and the key where there is one.
 */
export function savedRun(run: RunDir): { readonly name: string; readonly config: RunConfig } {
  const saved = readJson(run.config);
  if (!isObject(saved) || typeof saved.recipe !== 'string' || !isObject(saved.config))
    throw new RunError(
      `${run.config}: expected an object with recipe and config; got ${JSON.stringify(saved).slice(0, 60)}`,
    );
  try {
    const config = withoutIdle(withEarlierRules(saved.config));
    const valid = validate(runConfigSchema(config), config, `${run.config}: config.`);
    return { name: saved.recipe, config: withTeachers(valid, (_, place) => recordedTeachers(run)[place]) };
  } catch (error) {
    // Not the command line is wrong but the folder.
    if (error instanceof ConfigError) throw new RunError(`${error.message}${pluginHint(run)}`, { cause: error });
    throw error;
  }
}

/** Teachers of a run from before its configuration had their names, as the steps of its data say them. */
function recordedTeachers(run: RunDir): readonly (string | undefined)[] {
  const { steps = [] } = readJson(run.data) as Partial<DataSummary>;
  return steps.flatMap((detail) => /^Predictions of ([\w.-]+),/.exec(detail)?.[1] ?? []);
}

/** What may be missing where a kind is not known. */
function pluginHint(run: RunDir): string {
  const missing = missingPlugins(run);
  return missing.length === 0
    ? ''
    : `; the run was trained with plug-ins that are not loaded: ${pluginOptions(missing)}`;
}

/** Before a run of retrieval wrote these keys there was one rule each, and it was not always today's default. */
function withEarlierRules(config: Record<string, unknown>): Record<string, unknown> {
  const isOther = isObject(config.task) && config.task.kind !== 'retrieval';
  if (!isObject(config.evaluation) || isOther) return config;
  return { ...config, evaluation: { ties: 'optimistic', queryTime: 'target', ...config.evaluation } };
}

/**
 * Before they were refused two settings of `ranking` changed nothing: `group` without a loss that compares rows, and of
 * `lossWeights` those of heads with a weight.
 */
function withoutIdle(config: Record<string, unknown>): Record<string, unknown> {
  if (!isObject(config.task) || config.task.kind !== 'ranking') return config;
  const { group, lossWeights, ...task } = config.task;
  const { labels = [], loss } = task as { readonly labels?: readonly unknown[]; readonly loss?: unknown };
  const heads = labels.map((label) => (isObject(label) ? label : { column: label }));
  const comparesRows = heads.concat({ loss }).some((head) => head.loss === 'pairwise' || head.loss === 'listwise');
  const isWeighed = Array.isArray(lossWeights) && heads.some(({ weight }) => weight !== undefined);
  return {
    ...config,
    task: {
      ...task,
      ...(comparesRows && group !== undefined && { group }),
      ...(isWeighed
        ? { labels: heads.map((head, l) => ({ weight: lossWeights[l], ...head })) }
        : lossWeights !== undefined && { lossWeights }),
    },
  };
}

/**
 * The run to go on with and its configuration. A recipe, file or override given as well must agree with it; only
 * `training.epochs` may grow, since a longer run passes through the same states, and which baselines stand beside it.
 *
 * @throws RunError naming the first key that differs.
 */
export async function openForResume(request: {
  readonly resume: string;
  readonly out: string;
  readonly recipe?: string;
  readonly configFile?: string;
  readonly overrides: readonly Override[];
}): Promise<{ readonly name: string; readonly config: RunConfig; readonly previous: RunDir }> {
  const previous = openRunDir(request.out, request.resume);
  refuseLocked(previous);
  const given = savedRun(previous);
  const named = request.recipe !== undefined || request.configFile !== undefined;
  const asked = named
    ? (await resolveRun({ recipe: request.recipe, file: request.configFile, overrides: request.overrides })).config
    : applyOverrides(runConfigSchema(given.config), given.config, request.overrides);
  // Of two that are the same but for a teacher that one of them does not name.
  const wanted = withTeachersOf(asked, given.config);
  const saved = { ...given, config: withTeachersOf(given.config, asked) };
  const difference = firstDifference(saved.config, wanted);
  if (difference)
    throw new RunError(
      `cannot resume ${previous.id}: ${difference.key}: expected ${difference.before} as in the run; got ${difference.after}; start a new run to change it`,
    );
  const begun = readMetrics(previous.metrics).reduce((most, { epoch }) => Math.max(most, epoch), 0);
  const { epochs } = wanted.training;
  if (epochs < begun)
    throw new RunError(
      `cannot resume ${previous.id}: training.epochs: expected ${begun} or more, which the run has begun; got ${epochs}; start a new run for fewer`,
    );
  return { name: saved.name, config: wanted, previous };
}

/** @throws RunError when the data differ from those of the run. */
export function checkSameData(run: RunDir, digest: string): void {
  const saved = readJson(run.data) as DataSummary;
  if (saved.digest === digest) return;
  throw new RunError(
    `run ${run.id}: data digest: expected ${saved.digest} as when it was trained; got ${digest}; the data files or their processing have changed`,
  );
}

/** @throws RunError when the semantic ids differ from those that the run was trained with. */
export function checkSameIds(run: RunDir, ids: StoredIds): void {
  const { semanticIds: saved } = readJson(run.data) as DataSummary;
  const digest = idsDigest(ids);
  if (saved === undefined || saved === digest) return;
  throw new RunError(
    `run ${run.id}: semantic ids: expected the digest ${saved.slice(0, 12)} as when it was trained; got ${digest.slice(0, 12)}; ${run.ids} is another file`,
  );
}

/** What of a configuration may change between the parts of one run: nothing of it decides a weight. */
function mayDiffer(path: string): boolean {
  const [section, key, ...deeper] = path.split('.');
  if (section !== 'evaluation' || key === undefined || deeper.length > 0) return path === 'training.epochs';
  return ['baselines', 'segments', ...baselineSettings()].includes(key);
}

export function firstDifference(
  before: unknown,
  after: unknown,
  path = '',
): { readonly key: string; readonly before: string; readonly after: string } | undefined {
  if (mayDiffer(path)) return undefined;
  if (isObject(before) && isObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const found = firstDifference(before[key], after[key], path === '' ? key : `${path}.${key}`);
      if (found) return found;
    }
    return undefined;
  }
  const [was, is] = [before, after].map((value) => JSON.stringify(value) ?? 'none');
  return was === is ? undefined : { key: path, before: was, after: is };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
