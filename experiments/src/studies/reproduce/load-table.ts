import { definitionNames, loadDefinition } from '../definitions.ts';
import type { DeltaReplay } from '../deltas/replay.ts';
import { tableShape } from './shape.ts';
import { defineTable, type PaperTable } from './table.ts';

/** Names of all tables, such as `hstu/ml-1m`: the files under `experiments/tables`. */
export const tableNames = (): string[] => definitionNames('tables');

/** Names of all replays, such as `delta/ml-1m`: the files under `experiments/replays`. */
export const replayNames = (): string[] => definitionNames('replays');

const known = (): string[] => [...tableNames(), ...replayNames()];

/**
 * A table by its name, or the export `table` of a file of one's own.
 *
 * @throws UsageError with the nearest name.
 */
export const loadTable = (name: string): Promise<PaperTable> =>
  loadDefinition<PaperTable>('tables', name, {
    known: known(),
    own: {
      shape: tableShape,
      define: defineTable,
      withRecipes: ({ rows, before, ...table }, beside) => ({
        ...table,
        rows: rows.map((row) => ({ ...row, recipe: beside(row.recipe) })),
        ...(before && { before: before.map((each) => ({ ...each, recipe: beside(each.recipe) })) }),
      }),
    },
  });

/** @throws UsageError with the nearest name. */
export const loadReplay = (name: string): Promise<DeltaReplay> =>
  loadDefinition<DeltaReplay>('replays', name, { known: known() });
