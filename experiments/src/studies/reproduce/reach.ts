import { type ExampleSet, slidingWindows, windowCoverage } from '@seqrec/data';
import type { RecipeConfig } from '../../config/schema.ts';
import { windowPolicy } from '../../config/windows.ts';

/** What the windows of a row read over all its epochs. */
export interface RowReach {
  readonly row: string;
  readonly epochs: number;
  /** Windows, and the positions in them. */
  readonly examples: number;
  readonly tokens: number;
  /** Tokens over those of the newest windows. */
  readonly cost: number;
  /** Share of all training positions in at least one window, after a tenth of the epochs and after all of them. */
  readonly coveredEarly: number;
  readonly covered: number;
}

/** Runs the windows of a configuration, its seed included, over its epochs. Nothing is trained. */
export function rowReach(row: string, config: RecipeConfig, train: ExampleSet): RowReach {
  const { epochs } = config.training;
  const { maxSequenceLength: maxLength } = config.model;
  const policy = windowPolicy(config) ?? slidingWindows({ rule: 'control', maxLength, seed: config.seed });
  const coverage = windowCoverage(train, policy, epochs);
  const sum = (key: 'examples' | 'tokens' | 'cost'): number => coverage.reduce((total, at) => total + at[key], 0);
  return {
    row,
    epochs,
    examples: sum('examples'),
    tokens: sum('tokens'),
    cost: sum('cost') / epochs,
    coveredEarly: coverage[Math.ceil(epochs / 10) - 1].covered,
    covered: coverage[epochs - 1].covered,
  };
}
