import type { Split } from '@seqrec/data';
import { metricNames, modelTimeReaders, objectiveTimeReaders, type TimeReader } from '@seqrec/models';
import type { RunConfig } from '../../config/run-config.ts';
import type { RecipeConfig } from '../../config/schema.ts';
import { windowPolicy } from '../../config/windows.ts';
import { generationOf, rankingBeams } from '../../data/coded-items.ts';
import type { PreparedData } from '../../data/dataset.ts';
import { watchedSet } from '../../data/dataset.ts';
import { ConfigError } from '../../errors.ts';
import { segmentations } from '../evaluation/segmentations.ts';

/** Of `LearnedTemperature`. */
const MINIMUM_TEMPERATURE = 0.01;

/** Values that are wrong together, which the schema sees one by one. */
function checkTogether(config: RecipeConfig): void {
  const { model, objective } = config;
  const { temperature } = objective;
  if ('learnedTemperature' in model && model.learnedTemperature && temperature <= MINIMUM_TEMPERATURE)
    throw new ConfigError(
      `objective.temperature: expected more than ${MINIMUM_TEMPERATURE}, below which no learned temperature falls; got ${temperature}`,
      'start higher, or set --model.learnedTemperature false',
    );
  checkBeams(config);
  checkWithoutVectors(config);
  const actions = 'actions' in model && model.actions === 'interleave';
  if (objective.actionWeight > 0 && !actions)
    throw new ConfigError(
      `objective.actionWeight: expected 0 for a model without interleaved actions; got ${objective.actionWeight}`,
      'set --model.kind hstu --model.actions interleave, or leave it out',
    );
}

/** @throws ConfigError for cut-offs that no list of so many beams reaches. */
function checkBeams(config: RecipeConfig): void {
  const beams = rankingBeams(config);
  const { ks, lists = 1 } = config.evaluation;
  const largest = Math.max(...ks, lists);
  if (beams === undefined || beams >= largest) return;
  throw new ConfigError(
    `task.beams: expected at least as many as the largest cut-off or list, ${largest}; got ${beams}`,
    'more beams, or smaller evaluation.ks and evaluation.lists',
  );
}

/** @throws ConfigError for what reads vectors of items, where the model writes codes. */
function checkWithoutVectors(config: RecipeConfig): void {
  if (generationOf(config) === undefined) return;
  const heldOut = 'heldOut' in config.data ? config.data.heldOut : undefined;
  const ofUsers = heldOut === undefined ? undefined : 'data.heldOut';
  const key = config.itemVectors === undefined ? ofUsers : 'itemVectors';
  if (key === undefined) return;
  throw new ConfigError(
    `${key}: expected none with the task generation, whose model has vectors of codes and none of items; got some`,
    'leave it out',
  );
}

/** @throws ConfigError for a weight decay that no weight survives, of any rule but Adagrad: its decay is a gradient. */
function checkDecay({ kind, learningRate, weightDecay, tables = {}, muon }: RecipeConfig['optimizer']): void {
  const beside = kind === 'muon' ? 'adamw' : kind;
  const rules = [
    { kind: beside, learningRate, weightDecay, of: '' },
    { kind: beside, learningRate, weightDecay, ...tables, of: ' of tables' },
    ...(kind === 'muon'
      ? [{ kind, learningRate: muon?.learningRate ?? learningRate, weightDecay, of: ' of muon' }]
      : []),
  ];
  const fatal = rules.find((rule) => rule.kind !== 'adagrad' && rule.learningRate * rule.weightDecay >= 1);
  if (fatal === undefined) return;
  const section = fatal.of === ' of tables' && tables.weightDecay !== undefined ? 'optimizer.tables' : 'optimizer';
  throw new ConfigError(
    `${section}.weightDecay: expected less than 1 / learningRate${fatal.of} = ${1 / fatal.learningRate}, which takes all of a weight in one step; got ${fatal.weightDecay}`,
  );
}

/** @throws ConfigError for tables that begin with what was learned before, and anew with every epoch. */
function checkRenewed(config: RunConfig): void {
  if (!config.training.renewTables) return;
  const key = ['itemVectors', 'initialTables'].find(
    (name) => (config as { [key: string]: unknown })[name] !== undefined,
  );
  if (key === undefined) return;
  throw new ConfigError(
    `training.renewTables: expected tables that begin at random; got ${key}, whose rows the second epoch would throw away`,
    'leave one out',
  );
}

/** @throws ConfigError for events of a user that each of several examples would ask for again. */
export function checkAskedOnce({ data, evaluation }: Pick<RecipeConfig, 'data' | 'evaluation'>): void {
  const split = 'split' in data ? data.split : undefined;
  const isSuccessive = typeof split === 'object' && 'target' in split && split.target === 'successive';
  if (!isSuccessive || evaluation.positions === 'last') return;
  throw new ConfigError(
    `evaluation.positions: expected last, a query a target, with data.split.target successive; got ${evaluation.positions}, which asks for an event again in every later example of its user`,
    'a query an event after a cut is either of the two',
  );
}

/** What only a run that begins is refused for: one that was begun before there was the check can be gone on with. */
export function checkBeginning(config: RunConfig, split: Split): void {
  checkDecay(config.optimizer);
  checkRenewed(config);
  checkDecidedByValidation(config, split);
}

/** @throws ConfigError for what the test set would decide, in a split without a validation set. */
function checkDecidedByValidation(
  { training: { patience }, optimizer: { schedule }, evaluation: { checkpoint } }: RunConfig,
  { validation, protocol }: Split,
): void {
  if (validation !== undefined) return;
  const refuse = (key: string, expected: string, got: unknown): never => {
    throw new ConfigError(
      `${key}: expected ${expected} with the split ${protocol}, which has no validation set; got ${got}`,
      'the test set would decide; leave-last-out has a validation set, others by data.split.validation',
    );
  };
  if (checkpoint === 'best') refuse('evaluation.checkpoint', 'last', checkpoint);
  if (patience !== undefined) refuse('training.patience', 'none', patience);
  if (schedule?.kind === 'plateau') refuse('optimizer.schedule.kind', 'a schedule by steps', schedule.kind);
}

/**
 * Checks what only the data can tell, before the first step and not after the first epoch.
 *
 * @param isResumed whether the run has begun: what was right to begin it stays right.
 * @throws ConfigError naming the key.
 */
export function checkAgainstData(config: RecipeConfig, data: PreparedData, isResumed = false): void {
  const { evaluation } = config;
  checkTimes(config, data);
  if (!isResumed) {
    checkBeginning(config, data.split);
    checkAskedOnce(config);
  }
  windowPolicy(config);
  if (config.initialWeights !== undefined && config.itemVectors !== undefined)
    throw new ConfigError(
      'initialWeights.path: expected it or itemVectors.path, not both: each fills the item table',
      'leave one out',
    );
  checkTogether(config);
  const { train, test } = data.split;
  segmentations(evaluation.segments ?? [], { train, set: test, counted: 'events' });
  const { numItems, ratings } = data.split.interactions;
  // An objective of a plug-in has what it has.
  if (config.objective.labels?.minRating !== undefined && ratings === undefined)
    throw new ConfigError(
      'objective.labels.minRating: expected data with ratings; got data without',
      'leave it out, or name the column with --data.columns.rating',
    );
  const sets = [watchedSet(data.split), data.split.test];
  const open = sets.flatMap((set) => (data.openItems ? Array.from(set.users, (_, e) => data.openItems!(set)(e)) : []));
  const candidates = open.reduce((fewest, items) => Math.min(fewest, items), numItems);
  const largest = Math.max(...evaluation.ks);
  if (largest > candidates)
    throw new ConfigError(
      `evaluation.ks: expected cut-offs of at most ${candidates}, the number of items to choose from; got ${largest}`,
      `set --evaluation.ks "[${evaluation.ks.filter((k) => k <= candidates).join(', ') || 1}]"`,
    );
  const metrics = metricNames(evaluation.ks);
  const { schedule } = config.optimizer;
  const followed = schedule?.kind === 'plateau' ? (schedule.metric ?? evaluation.selectBy) : evaluation.selectBy;
  for (const [key, metric] of [
    ['evaluation.selectBy', evaluation.selectBy],
    ['optimizer.schedule.metric', followed],
  ])
    if (!metrics.includes(metric))
      throw new ConfigError(
        `${key}: expected one of ${metrics.join(', ')}; got ${metric}`,
        'its k must be among evaluation.ks',
      );
}

/** What the configuration reads times by: settings of the model, the objective and the windows of training. */
function timeReaders({ model, objective, windows }: RecipeConfig): TimeReader[] {
  const below = (section: string, readers: readonly TimeReader[]) =>
    readers.map((reader) => ({ ...reader, key: `${section}.${reader.key}` }));
  const weighted = windows?.policy === 'stochastic-length' && windows.subsequence === 'weighted';
  return [
    ...below('model', modelTimeReaders(model)),
    ...below('objective', objectiveTimeReaders(objective)),
    ...(weighted ? [{ key: 'windows.subsequence', value: 'weighted', without: 'recent' }] : []),
  ];
}

/**
 * @throws ConfigError for data without times and a model that reads them, unless the configuration
 *   says what stands for them.
 */
function checkTimes(config: RecipeConfig, { split }: PreparedData): void {
  const { interactions } = split;
  if (interactions.hasTimestamps !== false || config.data.format === 'named' || config.data.format === 'files') return;
  // Its rows are for rankers, and train nothing here.
  if (config.data.format === 'fuxictr' || config.data.format === 'synthetic-ranking') return;
  const [first] = timeReaders(config);
  if (first === undefined || config.data.rowNumberAsTime === true) return;
  const column = config.data.format === 'csv' ? 'name the column of the times with --data.columns.time, or ' : '';
  throw new ConfigError(
    `${first.key}: expected a setting that reads no times, as ${interactions.name} has none; got ${first.value}`,
    `${column}set --${first.key} ${first.without}, or let the number of an event in its sequence stand for seconds with ` +
      '--data.rowNumberAsTime true',
  );
}

/** One line for data whose row numbers are read as seconds; nothing for others. */
export function rowNumberWarning(config: RecipeConfig, { split }: PreparedData): string | undefined {
  const readers = timeReaders(config);
  if (split.interactions.hasTimestamps !== false || readers.length === 0) return undefined;
  return (
    `warning: ${split.interactions.name} has no times: ${readers.map(({ key, value }) => `${key} ${value}`).join(', ')} ` +
    'reads the number of an event in its sequence as seconds (data.rowNumberAsTime)'
  );
}
