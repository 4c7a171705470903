import { type MetricDefinition, overTies } from '@seqrec/models';

/** How likely somebody who looks at one place goes on to the next. */
const PATIENCE = 0.8;

/** Rank-biased precision of one relevant item. Source: Moffat & Zobel 2008, eq. 2 (doi:10.1145/1416950.1416952). */
export const rankBiasedPrecision: MetricDefinition = {
  name: 'RBP',
  definition: `mean of ${(1 - PATIENCE).toFixed(1)} ${PATIENCE}^(rank - 1)`,
  gain: overTies((rank) => (1 - PATIENCE) * PATIENCE ** (rank - 1)),
};
