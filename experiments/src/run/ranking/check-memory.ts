import type { ExampleSet } from '@seqrec/data';
import { type HistoryConfig, type ModelOptions, weightShapes } from '@seqrec/models';
import type { RankingRunConfig } from '../../config/ranking-schema.ts';
import { refuseTooLarge } from '../open/check-memory.ts';

/**
 * Refuses a run that cannot fit: its weights, moments, gradients and the fields of one batch, counted from below.
 *
 * @throws ConfigError naming the parts in bytes, and what to lower.
 */
export function checkRankingMemory(
  { model, optimizer, training }: RankingRunConfig,
  options: ModelOptions,
  { starts, targets }: ExampleSet,
): void {
  const shapes = weightShapes(model, options);
  const bytesOf = (shape: readonly number[]): number => 4 * shape.reduce((product, axis) => product * axis, 1);
  const weights = [...shapes.values()].reduce((sum, shape) => sum + bytesOf(shape), 0);
  const fields = Number(model.userId) + Number(model.itemId) + (model.features?.length ?? 0);
  const width = 'embeddingDim' in model ? model.embeddingDim : 1;
  const hidden = 'hiddenSizes' in model ? (model.hiddenSizes ?? []) : [];
  const experts = 'expertHiddenSizes' in model ? model.expertHiddenSizes : [];
  const perRow = fields * width + [...hidden, ...experts].reduce((sum, size) => sum + size, 0);
  const rows = Math.min(training.batchSize, targets.length) / training.parts;
  // Of each event its vector, and the gradient of that.
  const perEvent = 'userHistory' in model ? 2 * width * eventFields(model) : 0;
  const events = (rows * targets.reduce((sum, target, e) => sum + target - starts[e], 0)) / targets.length;
  refuseTooLarge([
    {
      what: 'weights',
      bytes: weights,
      lower: 'model.embeddingDim and the other widths, or use rarer ids less (minCount)',
    },
    // Moments of tables that are trained by rows lie outside the heap.
    ...(optimizer.embeddings === 'dense'
      ? [{ what: 'moments and gradients', bytes: 3 * weights, lower: 'model.embeddingDim and the other widths' }]
      : []),
    { what: `${Math.round(rows)} rows of a step`, bytes: 4 * rows * perRow, lower: 'training.batchSize' },
    ...(perEvent > 0
      ? [
          {
            what: `${Math.round(events)} events of the histories of a step`,
            bytes: 4 * events * perEvent,
            lower: 'training.batchSize, or model.userHistory.maxEvents',
          },
        ]
      : []),
  ]);
}

/** Fields of an event of a history: one of its item at least, its own columns, the time. */
function eventFields({
  userHistory,
  itemId,
}: Extract<RankingRunConfig['model'], { readonly userHistory: unknown }>): number {
  const { columns = [], times = false }: Partial<HistoryConfig> = userHistory;
  return Math.max(1, Number(itemId)) + columns.length + Number(times);
}
