import type { Trainer } from '../train/trainer.ts';
import { rankWork } from './cut.ts';
import { DistinctIds } from './distinct-ids.ts';
import type { TableShape } from './partition.ts';
import { cutStep, readsOf, type StepPlace, type TableStandIn } from './reads.ts';
import { checkStandIn } from './stand-in.ts';
import { rowRequests, type TableLoad } from './traffic.ts';

/** What the ranks have to do in one step. */
export interface StepLoad {
  /** Of each rank, `[R]`. */
  readonly sequences: Int32Array;
  readonly tokens: Int32Array;
  /** See `historyCost`. */
  readonly cost: Float64Array;
  /** In the order of the tables. */
  readonly tables: readonly TableLoad[];
}

/** A table whose look-ups are counted. */
export interface ReadTable extends TableShape {
  readonly name: string;
}

export interface SimulateOptions {
  readonly ranks: number;
  /** Global steps from 0 on. */
  readonly steps: number;
  readonly standIn?: TableStandIn;
  /** Called after each step; what it throws ends the simulation. */
  readonly onStep?: (done: number) => void;
}

/** The tables of a model that can be cut up, with the rows of a stand-in. */
export function readTables({ model }: Trainer, standIn?: TableStandIn): ReadTable[] {
  return Array.from(model.tables(), ([name, { variable }]) => {
    const [rows, width] = variable.shape;
    return { name, rows: standIn?.table === name ? standIn.rows + 1 : rows, width };
  });
}

/**
 * Training without its arithmetic: the batches, labels and negatives of the first steps of a trainer, cut to ranks by
 * `partBounds`, and for each table the ids that each rank would look up. Nothing of the trainer changes.
 */
export async function simulateSteps(trainer: Trainer, options: SimulateOptions): Promise<StepLoad[]> {
  const { ranks, steps, standIn, onStep } = options;
  if (standIn !== undefined) checkStandIn(standIn);
  const tables = readTables(trainer, standIn);
  const distinct = tables.map(({ rows }) => new DistinctIds(rows));
  const loads: StepLoad[] = [];
  for (const [s, place] of stepPlaces(trainer, steps).entries()) {
    const cut = cutStep(trainer, place, { ranks, standIn });
    const read = await readsOf(trainer, cut, standIn);
    loads.push({
      ...rankWork(cut.whole.offsets, cut.bounds),
      tables: tables.map((table, t) => tableLoad(table, distinct[t], read[t], ranks)),
    });
    onStep?.(s + 1);
  }
  return loads;
}

function tableLoad(shape: ReadTable, distinct: DistinctIds, lists: readonly Int32Array[][], ranks: number): TableLoad {
  const own = lists.map((each) => distinct.of(each));
  const counts = new Int32Array(ranks);
  for (const [rank, each] of lists.entries()) counts[rank] = each.reduce((sum, { length }) => sum + length, 0);
  return {
    ids: counts,
    distinct: Int32Array.from(own, ({ length }) => length),
    distinctOfAll: distinct.of(own).length,
    blocks: rowRequests({ kind: 'row-blocks' }, shape, own),
    cyclic: rowRequests({ kind: 'row-cyclic' }, shape, own),
  };
}

/** The first steps, over the epochs that they take. */
function stepPlaces(trainer: Trainer, steps: number): StepPlace[] {
  const places: StepPlace[] = [];
  for (let epoch = 0; places.length < steps; epoch++) {
    const count = Math.ceil(trainer.epochExamples(epoch).targets.length / trainer.options.batchSize);
    for (let stepInEpoch = 0; stepInEpoch < count && places.length < steps; stepInEpoch++)
      places.push({ epoch, stepInEpoch, globalStep: places.length });
  }
  return places;
}
