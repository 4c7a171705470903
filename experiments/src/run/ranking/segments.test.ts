import { interactionsFromArrays, pointExamples } from '@seqrec/data';
import { rankingTask } from '@seqrec/models';
import { expect, it } from 'vitest';
import { rowSegmentations } from './segments.ts';

it('counts as positive what the first head learns, whichever label of the data that is', () => {
  const shown = interactionsFromArrays({
    ...{ name: 'shown', users: [1, 1, 1, 2, 2, 2], items: [1, 2, 3, 1, 2, 3] },
    columns: {
      click: { kind: 'number', values: [1, 1, 0, 1, 0, 0] },
      buy: { kind: 'number', values: [0, 1, 0, 0, 1, 0] },
    },
    labels: ['click', 'buy'],
  });
  const train = pointExamples(shown);
  const segments = [{ trainingRows: 'items' as const, bounds: [1, 2], label: 'positive' as const }];
  const partsBy = (labels: string[]) => {
    const task = rankingTask({ labels }, labels, train);
    const [{ column, partOf }] = rowSegmentations({ segments }, { train, set: train, task });
    return [column, ...[0, 1, 2].map((event) => partOf(0, event))];
  };
  expect(partsBy(['click'])).toEqual(['positive training rows of items (click)', '2 and more', '1', '0']);
  expect(partsBy(['buy', 'click'])).toEqual(['positive training rows of items (buy)', '0', '2 and more', '0']);
});
