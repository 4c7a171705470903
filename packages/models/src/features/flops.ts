import type { Interactions } from '@seqrec/data';
import type { Flops } from '../flops/flops.ts';
import type { FeatureConfig } from './config.ts';
import { featureColumns } from './fit.ts';

/** Rows of each table that a step reads. */
export type FeatureRows = Readonly<Record<'events' | 'users' | 'items', number>>;

/**
 * Features of several numbers that are summed, as vectors of texts are: `X W` of `[R, width]` and `[width, D]`, and
 * backwards the gradient of `W` alone. Others are rows of tables, or linear in the width.
 *
 * @param config `itemDim` and `modelDim` where items and tokens have a width of their own, else `embeddingDim`.
 * @throws ConfigError for a column that is not there.
 */
export function featureFlops(
  config: { readonly kind: string; readonly features?: readonly FeatureConfig[] },
  data: Interactions,
  rows: FeatureRows,
): Flops {
  const {
    embeddingDim = 0,
    itemDim = embeddingDim,
    modelDim = embeddingDim,
  } = config as Record<string, unknown> & {
    readonly [key in 'embeddingDim' | 'itemDim' | 'modelDim']?: number;
  };
  let forward = 0;
  for (const { table, columns } of featureColumns(config.features ?? [], data)) {
    for (const column of columns) {
      if (column.kind !== 'number' || column.width === 1) continue;
      forward += 2 * rows[table] * column.width * (table === 'items' ? itemDim : modelDim);
    }
  }
  return { forward, backward: forward };
}
