import { ConfigError } from '../../errors.ts';
import { addFlops, type Flops, linearFlops, type Workload } from '../../flops/flops.ts';
import type { DssmConfig } from './config.ts';

/**
 * The query tower for every event, `F_q E -> ... -> D`, and the item tower over the rows of the item table,
 * `F_i E -> ... -> D`; fields are the ids and the history.
 *
 * @throws ConfigError for features: which tower reads one is known with the data alone.
 */
export function dssmFlops(config: DssmConfig, { tokens, itemRows }: Workload): Flops {
  const { embeddingDim, outputDim, userId, itemId, history, queryHiddenSizes, itemHiddenSizes } = config;
  if (config.features !== undefined)
    throw new ConfigError(
      "flops: expected a 'dssm' without features, whose products are not counted; got some; leave them out",
      'features',
    );
  const tower = (rows: number, fields: number, hidden: readonly number[]): Flops => {
    const widths = [fields * embeddingDim, ...hidden, outputDim];
    return addFlops(...widths.slice(1).map((out, i) => linearFlops(rows, { in: widths[i], out })));
  };
  return addFlops(
    tower(tokens, Number(userId) + Number(history), queryHiddenSizes),
    tower(itemRows, Number(itemId), itemHiddenSizes),
  );
}
