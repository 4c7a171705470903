import { type Override, textOption } from '../../arguments.ts';
import { isWorld } from '../../config/data-schema.ts';
import { resolveConfig } from '../../config/load-recipe.ts';
import type { RecipeConfig } from '../../config/schema.ts';
import { dataFolder } from '../../data/data-folder.ts';
import { type PreparedData, prepareData } from '../../data/dataset.ts';
import { ConfigError, UsageError } from '../../errors.ts';
import { type BackendOptions, checkBackendOptions } from '../../run/process/backend.ts';
import type { Progress } from '../../terminal/progress.ts';
import { checkChooses } from '../search/check-space.ts';
import type { Arm } from '../study/study.ts';
import { encoderOf, hasOwnObjective, ownObjective, type Shape, studyEncoders } from './encoders.ts';
import { withoutPlateau } from './read-keys.ts';

/** Options that every `seqrec scale` command has. */
export interface ScaleOptions {
  readonly recipe: string;
  readonly overrides: readonly Override[];
  readonly dataFolder?: string;
  readonly out?: string;
  /** Folder of results to keep it in. */
  readonly save?: string;
  readonly backend: BackendOptions;
  readonly encoders: readonly string[];
  /** `own`: each encoder under the objective that it is published with; `shared`: all under the recipe's. */
  readonly objectives: 'own' | 'shared';
  readonly evaluatedUsers: number;
  readonly quiet: boolean;
}

/** The configuration that all arms of a study share, and its data. */
export interface StudyBase {
  readonly name: string;
  readonly config: RecipeConfig;
  readonly data: PreparedData;
}

/**
 * A recipe as the base of a study: its data, objective, optimiser, batch and seed. Its encoder is replaced arm
 * by arm, and the reference's protocol without validation gives way to leave-last-out: a study chooses, so it
 * must not see the test set.
 *
 * @param adapt changes the configuration before the data are read
 */
export async function studyBase(
  options: ScaleOptions,
  progress: Progress,
  adapt: (config: RecipeConfig) => RecipeConfig = (config) => config,
): Promise<StudyBase> {
  checkBackendOptions(options.backend);
  refuseUnreadObjective(options);
  const { name, config: resolved } = await resolveConfig({ recipe: options.recipe, overrides: options.overrides });
  if (resolved.initialWeights !== undefined)
    throw new ConfigError(
      'initialWeights: expected none in a study, whose arms have sizes of their own; got a file',
      'leave it out',
    );
  if (resolved.itemVectors !== undefined)
    throw new ConfigError(
      'itemVectors: expected none in a study, whose arms have item tables of their own widths; got a file',
      'leave it out',
    );
  const { similarity = 'cosine' } = resolved.model as Settings;
  if (similarity !== 'cosine')
    throw new ConfigError(
      `model.similarity: expected cosine in a study, whose arms score so at the temperature of the recipe; got ${similarity}`,
      'leave it out, with a temperature for cosines',
    );
  const config = adapt(withValidation(resolved));
  const data = await prepareData(config.data, dataFolder(options.dataFolder), progress);
  const most = data.split.interactions.numItems;
  const ks = config.evaluation.ks.filter((k) => k <= most);
  if (!ks.includes(10)) throw new ConfigError(`evaluation.ks: expected 10 among the cut-offs; got ${ks.join(', ')}`);
  return { name, config: { ...config, evaluation: { ...config.evaluation, ks } }, data };
}

/**
 * The base of a study that measures at marks and chooses by what it sees. No schedule of it waits for evaluations.
 *
 * @throws ConfigError for a split without a validation set; a world has none, and records enough to test on others.
 */
export async function choosingBase(
  options: ScaleOptions,
  progress: Progress,
  adapt: (config: RecipeConfig) => RecipeConfig = (config) => config,
): Promise<StudyBase> {
  const base = await studyBase(options, progress, (config) => adapt(withoutPlateau(config)));
  if (!isWorld(base.config.data)) checkChooses(base.data.split);
  return base;
}

/**
 * With leave-last-out in place of the reference's protocol, which has no validation set. It leaves out users of fewer
 * than four events: a protocol that leaves out longer ones has no such place.
 */
export function withValidation(config: RecipeConfig): RecipeConfig {
  const { data } = config;
  if (isWorld(data)) return config;
  const { split } = data;
  const isReference = split === 'train-test' || (typeof split === 'object' && split.kind === 'train-test');
  if (!isReference || (typeof split === 'object' && split.minLength > 4)) return config;
  return { ...config, data: { ...data, split: 'leave-last-out' } };
}

/** Settings of an objective that an encoder does not train under are refused, not ignored. */
function refuseUnreadObjective({ overrides, encoders, objectives }: ScaleOptions): void {
  const own = objectives === 'own' ? encoders.filter(hasOwnObjective) : [];
  if (own.length === 0) return;
  for (const { key } of overrides)
    if (/^objective\b/.test(key) && key !== 'objective.temperature')
      throw new UsageError(
        `--${key}: expected of objective what all encoders read with --objectives own, temperature; got it with ${own.join(', ')}, under an objective of its own`,
        '--objectives shared trains all under that of the recipe',
      );
}

/** What encoders share, where the base has it: its kind may be any. */
interface Settings {
  readonly similarity?: string;
  readonly inputDropout?: number;
  readonly dropout?: number;
  readonly outputLength?: number;
}

/** The base with an encoder of a shape, under its own objective or the base's. */
export function armConfig(
  base: RecipeConfig,
  kind: string,
  shape: Shape,
  objectives: ScaleOptions['objectives'],
): RecipeConfig {
  const objective = (objectives === 'own' ? ownObjective(kind, base.objective) : undefined) ?? base.objective;
  // A base without a table of positions has no further columns; a study then gives the others one.
  const { inputDropout, dropout = 0, outputLength = 1 } = base.model as Settings;
  return { ...base, objective, model: encoderOf(kind, shape, { outputLength, dropout: inputDropout ?? dropout }) };
}

/** Where a study lies unless `--out` says: `runs/scale-compute-ml-1m`. */
export function studyFolder(kind: string, recipe: string, out: string | undefined): string {
  return out ?? `runs/scale-${kind}-${recipe.replace(/\/[^/]*$/, '').replaceAll(/[^\w.-]+/g, '-')}`;
}

/** What is compared unless `--encoders` says: a budget is shared by all, and GRU4Rec alone would take most of it. */
const DEFAULT_ENCODERS = ['hstu', 'transformer-plus-plus', 'pinnerformer'];

/** `hstu,sasrec`: names of encoders. */
export function encoderList(value: unknown): readonly string[] {
  const text = textOption('encoders', value);
  if (text === undefined) return DEFAULT_ENCODERS;
  const names = text.split(',');
  const known = studyEncoders();
  for (const name of names)
    if (!known.includes(name))
      throw new UsageError(`--encoders: expected names among ${known.join(', ')}, with commas; got "${name}"`);
  return [...new Set(names)];
}

/** Under which objective each encoder of a study trains, for its report. */
export function objectivesInWords(arms: readonly Pick<Arm, 'encoder' | 'config'>[]): string {
  const named = new Map(arms.map(({ encoder, config }) => [encoder, describeObjective(config)]));
  const all = new Set(named.values());
  if (all.size === 1) return `Objective of all encoders: ${[...all][0]}.`;
  return `Objectives: ${Array.from(named, ([encoder, words]) => `${encoder} ${words}`).join('; ')}. All are measured alike.`;
}

function describeObjective({ objective }: RecipeConfig): string {
  const { kind, labels, temperature } = objective;
  return `${kind} with ${labels.kind} labels at temperature ${temperature}`;
}
