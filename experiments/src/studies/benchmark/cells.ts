import type { Interactions } from '@seqrec/data';
import type { Override } from '../../arguments.ts';
import { isYaml, recipeTitle, resolveRun } from '../../config/load-recipe.ts';
import { isRankingConfig } from '../../config/run-config.ts';
import type { RecipeConfig } from '../../config/schema.ts';
import { ConfigError, UsageError } from '../../errors.ts';
import { suggestion } from '../../suggest.ts';
import type { Benchmark, Changes } from './benchmark.ts';
import { type Cell, cellName } from './cell.ts';
import { checkJudgedAlike, checkMeasured, checkNames } from './cell-checks.ts';

/** Which parts of the grid to run; absent: all. */
export interface Selection {
  readonly data?: readonly string[];
  readonly protocols?: readonly string[];
  readonly models?: readonly string[];
  readonly losses?: readonly string[];
  readonly quick?: boolean;
  /** Further changes of every cell. */
  readonly overrides: readonly Override[];
}

/** A YAML file may have data and an evaluation of its own: in a benchmark they give way, before anything is changed. */
const SECTIONS: Changes = {
  data: JSON.stringify({ format: 'named', name: 'ml-1m' }),
  evaluation: JSON.stringify({ ks: [10], batchSize: 128, excludeSeen: true }),
};

/** The cells of a grid, data set by data set. @throws UsageError for a part that it does not have. */
export async function benchmarkCells(benchmark: Benchmark, selection: Selection): Promise<Cell[]> {
  const quickData = selection.quick ? benchmark.quickData : undefined;
  const data = chosen('datasets', benchmark.data, titlesIn(selection.data ?? quickData, benchmark.data));
  const protocols = chosen('protocols', benchmark.protocols, selection.protocols);
  const models = chosen('models', benchmark.models, titlesIn(selection.models, benchmark.models));
  const losses = chosen('losses', benchmark.losses ?? {}, selection.losses);
  const cells: Cell[] = [];
  for (const [dataName, ofData] of data)
    for (const [protocolName, protocol] of protocols)
      for (const [modelName, model] of models) {
        const own = losses.filter(([name]) => model.losses?.includes(name) ?? true);
        const variants = losses.length === 0 ? [[undefined, {}] as const] : own;
        for (const [loss, ofLoss] of variants) {
          const quick = selection.quick ? benchmark.quick : {};
          const sections = isYaml(model.recipe) ? SECTIONS : {};
          const all = [
            sections,
            benchmark.training,
            model.changes,
            ofData,
            protocol.changes,
            ofLoss,
            model.on?.[dataName],
            quick,
          ];
          // Baselines are fitted once for the cells of a protocol, and not by each run.
          const without = { key: 'evaluation.baselines', text: 'none' };
          const overrides = [...all.flatMap(overridesOf), without, ...selection.overrides];
          const { config } = await resolveRun({ recipe: model.recipe, overrides });
          if (isRankingConfig(config))
            throw new ConfigError(`benchmark: expected recipes of retrieval; got ${model.recipe}, which ranks rows`);
          const name = {
            data: dataName,
            protocol: protocolName,
            model: modelName,
            ...(loss !== undefined && { loss }),
          };
          cells.push({ ...name, recipe: model.recipe, overrides, config });
        }
      }
  if (cells.length === 0)
    throw new UsageError(
      `--losses: expected some that the models are trained by; got none of ${models.map(([name]) => name).join(', ')}`,
      'leave --losses out, or name other --models',
    );
  checkNames(cells, benchmark.baselines);
  for (const cell of cells) checkMeasured(cell, benchmark.metrics);
  for (const cell of cells) {
    const first = cells.find((each) => each.data === cell.data && each.protocol === cell.protocol)!;
    checkJudgedAlike(cell, first, benchmark.baselines);
  }
  return cells;
}

/**
 * The cell that trains on the validation part too, for so many epochs, and is tested as it is then: nothing is left to
 * choose by. Of leave-one-out it is `train-test` for the users of leave-one-out.
 *
 * @param interactions of the cell.
 * @throws ConfigError for a split without such a part, for a learning rate that falls by it, and for cold items, whose
 *   targets in that part nothing may train on: they would be missing in the histories of the test.
 */
export function retrainedCell(cell: Cell, epochs: number, interactions: Interactions): Cell {
  const { config } = cell;
  const { patience: _, minEpochs: __, ...training } = config.training;
  checkRetrains(cell);
  return {
    ...cell,
    retrained: true,
    config: {
      ...config,
      data: { ...config.data, split: withoutValidation(config.data, interactions) } as RecipeConfig['data'],
      training: { ...training, epochs, evaluateEvery: epochs },
      evaluation: { ...config.evaluation, checkpoint: 'last' },
    },
  };
}

/** @throws ConfigError for a learning rate that falls by the validation part, and for cold items. */
export function checkRetrains(cell: Cell): void {
  if (cell.config.optimizer.schedule?.kind === 'plateau')
    throw new ConfigError(
      `benchmark: ${cellName(cell)}: expected a schedule by steps with --retrain, which leaves no validation set; got plateau`,
      'set another --optimizer.schedule.kind, or leave --retrain out',
    );
  const { data } = cell.config;
  if ('coldItems' in data && data.coldItems !== undefined)
    throw new ConfigError(
      `benchmark: ${cellName(cell)}: expected no data.coldItems with --retrain, which would train on those of the validation part; got a share of ${data.coldItems.share}`,
      'leave one of them out',
    );
}

function withoutValidation(data: RecipeConfig['data'], { userOffsets }: Interactions): unknown {
  const split = 'split' in data ? data.split : undefined;
  if (split === 'leave-last-out') {
    const isShort = (_: number, u: number): boolean => userOffsets[u + 1] - userOffsets[u] === 3;
    // By its name where the users are the same: runs from before there was an object are found.
    return userOffsets.some(isShort) ? { kind: 'train-test', minLength: 4 } : 'train-test';
  }
  if (split === 'global-time') return { kind: 'global-time', validation: 'none' };
  if (typeof split === 'object' && split.kind === 'global-time') {
    const { validationQuantile: _, ...rest } = split;
    return { ...rest, validation: 'none' };
  }
  throw new ConfigError(
    `benchmark: expected a split with a validation part that can train, leave-last-out or global-time, to retrain; got ${JSON.stringify(split)}`,
  );
}

export const overridesOf = (changes: Changes | undefined): Override[] =>
  Object.entries(changes ?? {}).map(([key, text]) => ({ key, text }));

/** Names may hold commas, as "SASRec, filed" does: what is not a name is taken for several. */
export function namesIn(given: readonly string[], known: object): string[] {
  return given.flatMap((name) => (Object.hasOwn(known, name) ? [name] : name.split(',').map((part) => part.trim())));
}

/** The same, a YAML file by its title. */
const titlesIn = (given: readonly string[] | undefined, known: object): string[] | undefined =>
  given && namesIn(given, known).map(recipeTitle);

function chosen<T>(
  option: string,
  all: Readonly<Record<string, T>>,
  names: readonly string[] | undefined,
): (readonly [name: string, value: T])[] {
  const wanted = names && namesIn(names, all);
  for (const name of wanted ?? [])
    if (!Object.hasOwn(all, name))
      throw new UsageError(
        `--${option}: expected some of the benchmark; got "${name}"`,
        suggestion(name, Object.keys(all)),
      );
  return Object.entries(all).filter(([name]) => wanted?.includes(name) ?? true);
}
