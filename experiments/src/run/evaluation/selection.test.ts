import { metricsUnder } from '@seqrec/models';
import { expect, test } from 'vitest';
import { selectionValue } from './selection.ts';

const evaluation = (ties: 'optimistic' | 'expected' | 'pessimistic', tied: number[]) => {
  const recorded = { ranks: Float64Array.of(1, 2, Number.POSITIVE_INFINITY), tied: Int32Array.from(tied), ties };
  return { ...recorded, metrics: metricsUnder(recorded, [1, 10]) };
};

test('best is chosen by the expected metric, whatever the optimistic one says', () => {
  const collapsed = evaluation('optimistic', [99, 99, 0]);
  expect(collapsed.metrics['HR@1']).toBe(1 / 3);
  expect(selectionValue(collapsed, 'HR@1')).toBeCloseTo(1 / 300, 14);
  expect(selectionValue(collapsed, 'NDCG@10')).toBe(metricsUnder({ ...collapsed, ties: 'expected' }, [10])['NDCG@10']);
  // A model with clear scores is better than one that ties with everything, and has the very bits of its metric.
  const clear = evaluation('optimistic', [0, 0, 0]);
  expect(selectionValue(clear, 'MRR')).toBe(clear.metrics.MRR);
  expect(selectionValue(clear, 'MRR')).toBeGreaterThan(selectionValue(collapsed, 'MRR'));
  for (const ties of ['expected', 'pessimistic'] as const)
    expect(selectionValue(evaluation(ties, [9, 9, 0]), 'HR@1')).toBe(evaluation(ties, [9, 9, 0]).metrics['HR@1']);
});
