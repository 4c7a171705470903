import type { Partition, PartitionOption, PlacedTable } from '@seqrec/models';
import { formatBytes } from '../../terminal/format.ts';

/** What a partition is called. */
export function partitionName({ kind }: Pick<Partition, 'kind'>): string {
  return {
    replicated: 'replicated',
    table: 'table-wise',
    'row-blocks': 'row-wise blocks',
    'row-cyclic': 'row-wise cyclic',
    columns: 'column-wise',
  }[kind];
}

/** Blocks are called uneven from here on. */
const UNEVEN = 1.25;

/** Why a table lies as it does, in one sentence: against the next best, and against what stands to reason. */
export function reasonOf({ chosen, others }: PlacedTable): string {
  const [next] = others.filter(({ fits }) => fits);
  const find = (kind: Partition['kind']): PartitionOption | undefined =>
    others.find(({ partition }) => partition.kind === kind);
  const [replicated, blocks] = [find('replicated'), find('row-blocks')];
  const clauses = [
    next === undefined
      ? `the only one that fits, ${formatSeconds(chosen.seconds)} of exchange a step`
      : `${formatSeconds(chosen.seconds)} of exchange a step against ${formatSeconds(next.seconds)} ${partitionName(next.partition)}`,
  ];
  if (replicated !== undefined && !replicated.fits)
    clauses.push(`replicated does not fit, ${formatBytes(replicated.memory)} of it a rank`);
  else if (replicated !== undefined && replicated !== next)
    clauses.push(
      `${formatSeconds(replicated.seconds)} replicated, whose gradient is ${formatBytes(replicated.bytes)} a rank`,
    );
  if (chosen.partition.kind === 'row-cyclic' && blocks !== undefined && blocks.imbalance > UNEVEN)
    clauses.push(`in blocks one rank would give ${blocks.imbalance.toFixed(1)} times the mean`);
  return clauses.join('; ');
}

/** `1.23 ms`, with three digits. */
export function formatSeconds(seconds: number): string {
  return `${milliseconds(seconds)} ms`;
}

/** Three digits, without an exponent. */
export function milliseconds(seconds: number): string {
  return String(Number((1000 * seconds).toPrecision(3)));
}
