import { expect, it } from 'vitest';
import { tinyTrain } from '../test-support/tiny.ts';
import { createObjective } from './create.ts';
import { objectiveKinds, scoresAllItems } from './registry.ts';

it('an objective scores all items where it cannot name them beforehand', () => {
  const scored = objectiveKinds().map((kind) => {
    const objective = createObjective({ kind } as never, tinyTrain());
    expect(scoresAllItems({ kind }), kind).toBe(objective.draw === undefined);
    return scoresAllItems({ kind });
  });
  expect(new Set(scored)).toEqual(new Set([true, false]));
});
