import { labelFromColumn, randomSplit } from '@seqrec/data';
import { describe, expect, it } from 'vitest';
import { type FeatureConfig, fitFeatures } from '../index.ts';
import { split } from '../test-support/feature-world.ts';

describe('a column that a label was made from', () => {
  const labelled = labelFromColumn(split.interactions, { column: 'dwell', positiveAbove: 5, negativeBelow: 4 });
  const { train } = randomSplit(labelled);
  const fit = (feature: FeatureConfig) => () => fitFeatures({ features: [feature] }, train);

  it('is no feature, alone, with an encoding, or in a cross', () => {
    const refused =
      'model config: features: expected no column among the features that a label is made from; got dwell of features: it ' +
      'tells label, which a model has to predict';
    expect(fit('dwell')).toThrow(refused);
    expect(fit({ column: 'dwell', encode: 'steps', width: 1 })).toThrow(refused);
    expect(fit({ cross: ['dwell', 'shared'], table: 'events' })).toThrow(refused);
    expect(fit({ cross: ['shared', 'dwell'], table: 'events' })).toThrow(refused);
    expect(fit('label')).toThrow('expected no label among the features; got label, a label of features');
    expect(fit({ column: 'shared', table: 'events' })).not.toThrow();
  });

  it('nor where it is the rating of the data', () => {
    const rated = labelFromColumn(split.interactions, { column: 'rating', positiveAbove: 3, negativeBelow: 3 });
    expect(rated.roles.action).toBe('rating');
    expect(() => fitFeatures({ features: ['rating'] }, randomSplit(rated).train)).toThrow('got rating of features');
  });
});
