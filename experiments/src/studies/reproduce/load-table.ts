import { definitionNames, loadDefinition } from '../definitions.ts';
import type { DeltaReplay } from '../deltas/replay.ts';
import type { PaperTable } from './table.ts';

/** Names of all tables, such as `hstu/ml-1m`: the files under `experiments/tables`. */
export const tableNames = (): string[] => definitionNames('tables');

/** Names of all replays, such as `delta/ml-1m`: the files under `experiments/replays`. */
export const replayNames = (): string[] => definitionNames('replays');

/** @throws UsageError with the nearest name. */
export const loadTable = (name: string): Promise<PaperTable> =>
  loadDefinition('tables', name, [...tableNames(), ...replayNames()]);

/** @throws UsageError with the nearest name. */
export const loadReplay = (name: string): Promise<DeltaReplay> =>
  loadDefinition('replays', name, [...tableNames(), ...replayNames()]);
