import { join } from 'node:path';
import type { Override } from '../../arguments.ts';
import { recipeSpace, recipeTitle, resolveSequences } from '../../config/load-recipe.ts';
import type { RecipeConfig } from '../../config/schema.ts';
import { type Dimension, parseSpace, type WrittenSpace } from '../../config/search-space.ts';
import { RunError, UsageError } from '../../errors.ts';
import { type Budget, inWords } from '../search/budget.ts';
import { drawTrials } from '../search/draw.ts';
import { freeDimensions } from '../search/free-dimensions.ts';
import { writeSearch } from '../search/outputs.ts';
import { overridesIn, search } from '../search/search.ts';
import type { TrialContext } from '../search/trials.ts';
import { type Cell, cellName, rowName } from './cell.ts';
import { checkRetrains } from './cells.ts';
import { folderName } from './folder-name.ts';
import type { TunedCell } from './result.ts';

/** How every cell is tuned. */
export interface TuneOptions {
  readonly budget: Budget;
  readonly trials: number;
}

/** `16 trials, 1.00e+14 FLOP`. */
export const tuningInWords = ({ trials, budget }: TuneOptions): string =>
  `${trials} trials, ${inWords(budget, budget.most)}`;

/** Of the draws and of the trials, in every cell. */
const SEED = 1;
const ETA = 3;

/**
 * What is drawn from: the space of the model in the benchmark, or else that of its recipe.
 *
 * @throws UsageError for a model without a space.
 */
export async function spaceOf(
  { model, recipe }: Pick<Cell, 'model' | 'recipe'>,
  own: WrittenSpace | undefined,
): Promise<WrittenSpace> {
  const written = own ?? (await recipeSpace(recipe));
  if (written !== undefined) return written;
  throw new UsageError(
    `--tune: expected a space for the model ${model}; neither it nor its recipe ${recipe} has one`,
    'leave the model out (--models), or give it a space in the benchmark',
  );
}

/**
 * {@link spaceOf} without what the command line gives.
 *
 * @throws UsageError also for a space that draws the loss, where rows are called by it.
 */
export async function dimensionsOf(
  cell: Pick<Cell, 'model' | 'recipe' | 'loss'>,
  own: WrittenSpace | undefined,
  fixed: readonly Override[],
): Promise<Dimension[]> {
  const written = await spaceOf(cell, own);
  const space = freeDimensions(
    parseSpace(written, () => `${cell.model}: space: `),
    fixed,
  );
  if (cell.loss !== undefined && space.some(({ keys }) => keys.includes('objective.kind')))
    throw new UsageError(
      `--tune: expected a space of ${cell.model} without objective.kind, since rows are called by their loss; got it, which ${rowName(cell)} would draw`,
      'leave it out of the space, or leave the losses out of the benchmark',
    );
  return space;
}

/** The configuration of a cell with settings of a trial. */
async function trialOf({ recipe, overrides }: Cell, settings: readonly Override[]): Promise<RecipeConfig> {
  const { config } = await resolveSequences({ recipe, overrides: [...overrides, ...settings] });
  return { ...config, seed: SEED };
}

/** @throws ConfigError where a trial that may win is none to retrain; what is no configuration cannot win. */
export async function checkTrialsRetrain(cell: Cell, space: readonly Dimension[], trials: number): Promise<void> {
  for (const settings of drawTrials(space, SEED, trials)) {
    const config = await trialOf(cell, overridesIn(settings)).catch((error: unknown) => {
      if (!(error instanceof UsageError)) throw error;
    });
    if (config !== undefined) checkRetrains({ ...cell, config });
  }
}

/**
 * Searches a cell over the space of its model on the validation set, in a folder of its own. What is there of the same
 * search is not done again.
 *
 * @throws UsageError for a model without a space, RunError where every trial failed.
 */
export async function tuneCell(
  cell: Cell,
  {
    budget,
    trials,
    space: own,
    fixed,
    out,
    command,
    ...context
  }: TuneOptions &
    Omit<TrialContext, 'name'> & {
      readonly space: WrittenSpace | undefined;
      /** What the command line gives. */
      readonly fixed: readonly Override[];
      readonly command: string;
    },
): Promise<{ readonly settings: TunedCell; readonly config: RecipeConfig }> {
  const { recipe, data, protocol } = cell;
  const folder = join(out, folderName(cellName(cell)));
  const searched = await search({
    ...{ ...context, budget, trials, name: recipeTitle(recipe), out: folder, eta: ETA, seed: SEED },
    space: await dimensionsOf(cell, own, fixed),
    config: { ...cell.config, seed: SEED },
    resolve: (settings) => trialOf(cell, settings),
  });
  writeSearch(folder, searched, command);
  const { result, winner } = searched;
  const best = result.trials.find(({ trial }) => trial === result.winner);
  if (winner === undefined || best?.value === undefined)
    throw new RunError(`${folder}: expected a trial that trains; none did; ${result.trials[0].state}`);
  return {
    config: winner,
    settings: {
      ...{ data, protocol, row: rowName(cell), settings: best.settings, metric: result.metric, value: best.value },
      tuning: tuningInWords({ trials: result.trials.length, budget }),
    },
  };
}
