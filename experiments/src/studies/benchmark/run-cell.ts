import type { BackendChoice } from '@seqrec/core';
import { recipeTitle } from '../../config/load-recipe.ts';
import { dataFolder } from '../../data/data-folder.ts';
import { type PreparedData, prepareData } from '../../data/dataset.ts';
import { readJson } from '../../run/folder/atomic.ts';
import type { RunResults } from '../../run/folder/results.ts';
import { openRunDir, type RunDir } from '../../run/folder/run-dir.ts';
import { Interrupted, type StopSignal } from '../../run/process/stop.ts';
import type { Progress } from '../../terminal/progress.ts';
import { runSeed, type SeedRun } from '../reproduce/seeds.ts';
import { type Cell, cellName } from './cell.ts';
import { retrainedCell } from './cells.ts';

/** What the runs of a grid share. */
export interface CellContext {
  /** Folder of the runs. */
  readonly out: string;
  /** Whether each cell is trained anew on the validation part too. */
  readonly retrain: boolean;
  readonly choice: BackendChoice;
  readonly progress: Progress;
  readonly stop: StopSignal;
  /** The data of a cell, prepared once. */
  data(cell: Cell): Promise<PreparedData>;
}

/** A finished run of a cell. */
export interface CellRun {
  readonly cell: Cell;
  readonly done: SeedRun;
}

/**
 * The run of a cell with one seed, and with `retrain` that of the cell which trains on the validation part as well;
 * what is there is not run again.
 *
 * @throws Interrupted when a signal stopped it.
 */
export async function runCell(
  cell: Cell,
  seed: number,
  { out, retrain, choice, progress, stop, data }: CellContext,
): Promise<CellRun[]> {
  const one = async (of: Cell): Promise<CellRun> => {
    const config = { ...of.config, seed };
    const row = cellName(of);
    const done = await runSeed({
      ...{ row, recipe: recipeTitle(of.recipe), config, data: await data(of), out, choice, progress, stop },
    });
    if (done === undefined) throw new Interrupted('stopped');
    return { cell: of, done };
  };
  const first = await one(cell);
  if (!retrain) return [first];
  const { split } = await data(cell);
  return [first, await one(retrainedCell(cell, chosenEpochs(openRunDir(out, first.done.run)), split.interactions))];
}

/** Data are prepared once for all cells that have the same. */
export function preparedOnce(folder: string | undefined, progress: Progress): CellContext['data'] {
  const known = new Map<string, Promise<PreparedData>>();
  return ({ config }) => {
    const key = JSON.stringify(config.data);
    const prepared = known.get(key) ?? prepareData(config.data, dataFolder(folder), progress);
    known.set(key, prepared);
    return prepared;
  };
}

/** Epochs after which the checkpoint was saved that the test set saw. */
function chosenEpochs(run: RunDir): number {
  const { final } = readJson(run.results) as RunResults;
  return Math.max(1, final?.epoch ?? 1);
}
