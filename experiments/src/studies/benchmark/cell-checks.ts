import { metricNames } from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';
import type { PreparedData } from '../../data/dataset.ts';
import { ConfigError } from '../../errors.ts';
import { isRankedByWindow, rankingRules } from '../../run/evaluation/protocol.ts';
import { checkAgainstData } from '../../run/open/check-config.ts';
import { firstDifference } from '../../run/open/resume.ts';
import { type Cell, cellName, rowName } from './cell.ts';
import { folderName } from './folder-name.ts';
import { LIST_LENGTH } from './test-sets.ts';

/** @throws ConfigError for cells whose folders would have one name, and for rows that are called as a baseline is. */
export function checkNames(cells: readonly Cell[], baselines: readonly string[]): void {
  const named = new Map<string, Cell>();
  for (const cell of cells) {
    const row = rowName(cell);
    if (baselines.includes(row))
      throw new ConfigError(
        `benchmark: models: expected names that no baseline has; got ${row}`,
        'rename the model, or its file',
      );
    const folder = folderName(cellName(cell));
    const other = named.get(folder);
    if (other !== undefined)
      throw new ConfigError(
        `benchmark: expected names that differ in letters or digits; got "${cellName(other)}" and "${cellName(cell)}"`,
        'rename one of them',
      );
    named.set(folder, cell);
  }
}

/**
 * @throws ConfigError for a metric of the tables that a run would not have, and for more queries than targets: tests,
 * segments and pairs of rows are those of the targets.
 */
export function checkMeasured(cell: Cell, metrics: readonly string[]): void {
  const { ks, positions } = cell.config.evaluation;
  if (positions !== 'last')
    throw new ConfigError(
      `benchmark: ${cellName(cell)}: expected evaluation.positions last, a query a target; got ${positions}`,
      'for a query an event after a cut, set data.split.target successive',
    );
  const missing = metrics.find((metric) => !metricNames(ks).includes(metric));
  if (missing === undefined) return;
  throw new ConfigError(
    `benchmark: ${cellName(cell)}: expected evaluation.ks with the cut-offs of ${metrics.join(', ')}, which the tables show; got ${ks.join(', ')} without ${missing}`,
  );
}

/** @throws ConfigError naming the cell, for what only its data can tell: of its lists of ten too. */
export function checkCellAgainstData(cell: Cell, data: PreparedData): void {
  const { evaluation } = cell.config;
  const lists = Math.max(evaluation.lists ?? 1, Math.min(LIST_LENGTH, data.split.interactions.numItems));
  try {
    checkAgainstData({ ...cell.config, evaluation: { ...evaluation, lists } }, data);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`benchmark: ${cellName(cell)}: ${error.message}`);
  }
}

/**
 * @param baselines beside them, which may read what the models read.
 * @throws ConfigError for models of one table that are judged by different rules, or on different data.
 */
export function checkJudgedAlike(cell: Cell, first: Cell, baselines: readonly string[]): void {
  const byWindow = isRankedByWindow(cell.config.evaluation, baselines);
  const rules = ({ data, evaluation, model: { maxSequenceLength } }: RecipeConfig) => ({
    data,
    evaluation: Object.fromEntries(rankingRules(evaluation)),
    ...(byWindow && { model: { maxSequenceLength } }),
  });
  const difference = firstDifference(rules(first.config), rules(cell.config));
  if (difference === undefined) return;
  const { key, before, after } = difference;
  throw new ConfigError(
    `benchmark: ${cell.data}, ${cell.protocol}: expected models on one data set that are judged by one rule; ${first.model} has ${key} ${before}, ${cell.model} ${after}`,
    'set it in the data set or the protocol, which count more than a model',
  );
}
