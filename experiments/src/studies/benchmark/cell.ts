import type { Override } from '../../arguments.ts';
import type { RecipeConfig } from '../../config/schema.ts';

/** A model under a loss on data under a protocol. */
export interface Cell {
  readonly data: string;
  readonly protocol: string;
  readonly model: string;
  readonly loss?: string;
  readonly recipe: string;
  /** What is changed of the recipe. */
  readonly overrides: readonly Override[];
  readonly config: RecipeConfig;
  /** Whether it trains on the validation part as well: see `retrainedCell`. */
  readonly retrained?: boolean;
}

/** How a row is called in tables. */
export const rowName = ({ model, loss, retrained }: Pick<Cell, 'model' | 'loss' | 'retrained'>): string =>
  [model, ...(loss === undefined ? [] : [loss]), ...(retrained ? ['retrained'] : [])].join(', ');

export const cellName = (cell: Cell): string => `${cell.data}, ${cell.protocol}, ${rowName(cell)}`;
