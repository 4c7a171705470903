import type { RowSplit } from '@seqrec/data';
import { isRankingMaterial, type RunMaterial } from '../../data/prepare-run.ts';
import { formatMetric } from '../../terminal/format.ts';
import { renderTable } from '../../terminal/table.ts';
import type { ScoredModel } from '../folder/results.ts';

/** What can be reached on the test set, beside a model: of data whose law is known, else nothing. */
export interface RunLimits {
  readonly limits?: readonly ScoredModel[];
  /** What each limit knows, a sentence each. */
  readonly sentences: readonly string[];
}

/** The limits of a split as models beside the others; of the test set alone, whose steps they are of. */
export function limitsOf({ limits = [] }: RowSplit): RunLimits {
  if (limits.length === 0) return { sentences: [] };
  return {
    limits: limits.map(({ name, metrics }) => ({ name: `limit: ${name}`, split: 'test', metrics })),
    sentences: limits.map(
      ({ name, knows }) =>
        `Limit ${name}: no model that knows of a row only ${knows} can be expected to do better; by enumeration.`,
    ),
  };
}

/** The limits as a table; what each of them knows is among the definitions. */
export function renderLimits(limits: readonly ScoredModel[] = []): string | undefined {
  if (limits.length === 0) return undefined;
  const metrics = Object.keys(limits[0].metrics);
  return renderTable(
    [{ title: 'at best' }, ...metrics.map((title) => ({ title, align: 'right' as const }))],
    limits.map(({ name, metrics: own }) => [name, ...metrics.map((metric) => formatMetric(own[metric]))]),
  );
}

/** A sentence for each limit of the data of a run, with its figures: for who shows models of several runs. */
export function limitRemarks(material: RunMaterial): string[] {
  if (!isRankingMaterial(material)) return [];
  return (material.data.split.limits ?? []).map(
    ({ name, knows, metrics }) =>
      `Limit ${name} (${knows}): ${Object.entries(metrics)
        .map(([metric, value]) => `${metric} ${formatMetric(value)}`)
        .join(', ')}.`,
  );
}
