import type { ExampleSet } from '@seqrec/data';
import { ConfigError } from '../../errors.ts';
import type { RankingConfig } from './config.ts';

/**
 * The columns of the labels of a configuration, one for each logit, or the first in the role `labels`.
 *
 * @throws ConfigError when there is none.
 */
export function rankingLabels(
  { labels }: Partial<Pick<RankingConfig, 'labels'>>,
  { interactions }: ExampleSet,
): string[] {
  const known = interactions.roles.labels;
  if (labels === undefined) {
    if (known.length > 0) return [known[0]];
    throw new ConfigError(
      `task: labels: expected data with labels; ${interactions.name} has none; make one with --data.label.column, or name columns with --data.labels`,
      'labels',
    );
  }
  const columns = labels.map((label) => (typeof label === 'string' ? label : label.column));
  const teachers = labels.flatMap((label) =>
    typeof label === 'string' || !label.teacher ? [] : [label.teacher.column],
  );
  for (const name of [...columns, ...teachers]) {
    if (known.includes(name)) continue;
    throw new ConfigError(
      `task: labels: expected columns in the role labels; got ${name}; there are ${known.join(', ') || 'none'}`,
      'labels',
    );
  }
  return columns;
}
