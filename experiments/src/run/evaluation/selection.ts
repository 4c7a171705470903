import { type Evaluation, gainOf } from '@seqrec/models';

/**
 * A metric as checkpoints are chosen by it. Under the optimistic rule, too, ties must not make a model look
 * good: they count as expected.
 */
export function selectionValue(
  { metrics, ranks, tied, ties }: Pick<Evaluation, 'metrics' | 'ranks' | 'tied' | 'ties'>,
  selectBy: string,
): number {
  if (ties !== 'optimistic' || tied.every((count) => count === 0)) return metrics[selectBy];
  const gain = gainOf(selectBy);
  return ranks.reduce((sum, rank, q) => sum + gain(rank, tied[q]), 0) / ranks.length;
}
