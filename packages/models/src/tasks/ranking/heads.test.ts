import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../config/parse.ts';
import { rankingConfigSchema } from './config.ts';
import { headsOf } from './heads.ts';
import { checkValue, rowValue } from './value.ts';

const heads = (labels: object[], given: object = {}) => {
  const config = parseConfig(rankingConfigSchema, { kind: 'ranking', labels, ...given }, 'task (ranking)');
  return headsOf(
    config,
    labels.map((label) => (label as { column: string }).column),
  );
};

it('heads take what they do not say from the task', () => {
  const [click, buy, time] = heads(
    [{ column: 'click' }, { column: 'buy', parent: 'click' }, { column: 't', name: 'time', loss: 'log-mse' }],
    { lossWeights: [3, 4, 5] },
  );
  expect(click).toMatchObject({ name: 'click', loss: 'binary', weight: 3, served: true, condition: 'product' });
  expect(buy).toMatchObject({ weight: 4, parent: 0 });
  expect(heads([{ column: 'click', weight: 2 }])[0].weight).toBe(2);
  expect(time).toMatchObject({ name: 'time', column: 't', weight: 5, condition: 'masked' });
});

describe('heads that do not go together are refused', () => {
  const click = { column: 'click' };
  it.each<[string, object[], string]>([
    [
      'one name twice',
      [click, click],
      'click: expected a name that no other label has; got it twice; give one of them',
    ],
    [
      'a parent after it',
      [{ ...click, parent: 'buy' }, { column: 'buy' }],
      'click: parent: expected a label before it (there is none); got buy',
    ],
    [
      'a parent of numbers',
      [
        { column: 't', loss: 'squared' },
        { ...click, parent: 't' },
      ],
      'click: parent: expected a label of the loss binary; got t, squared',
    ],
    [
      'a product of numbers',
      [click, { column: 't', loss: 'huber', parent: 'click', condition: 'product' }],
      't: condition: expected masked for the loss huber; got product, which is of probabilities',
    ],
    [
      'pairs with a parent',
      [click, { column: 't', loss: 'pairwise', parent: 'click' }],
      't: expected no parent with the loss pairwise; got click',
    ],
    ['delta elsewhere', [{ ...click, delta: 2 }], 'click: delta: expected it with huber or log-huber; got binary'],
    [
      'negatives elsewhere',
      [{ ...click, negatives: 'every-row' }],
      'click: negatives: expected it with weighted-logistic; got binary',
    ],
    [
      'a condition of nothing',
      [{ ...click, condition: 'masked' }],
      'click: condition: expected it with a parent; got none',
    ],
    [
      'a teacher of numbers',
      [{ column: 't', loss: 'squared', teacher: { column: 'x' } }],
      't: teacher: expected it with the loss binary; got squared',
    ],
    [
      'a first label that is not served',
      [{ ...click, served: false }],
      'click: expected the first label to be served; got served: false',
    ],
  ])('%s', (_, labels, message) => {
    expect(() => heads(labels)).toThrow(`task: labels: ${message}`);
  });

  it('weights in two places', () => {
    expect(() => heads([click, { column: 'buy', weight: 2 }], { lossWeights: [1, 3] })).toThrow(
      'task: lossWeights: expected weights in one place; got 1, 3, and a weight of buy; give each label its weight',
    );
  });

  it('weights that are too few', () => {
    expect(() => heads([click, { column: 'buy' }], { lossWeights: [1] })).toThrow(
      'task: lossWeights: expected one for each of the 2 labels (click, buy); got 1',
    );
  });
});

it('the value of a row is a sum of functions of predictions', () => {
  const said: Readonly<Record<string, number>> = { click: 0.25, time: 8 };
  const terms = [
    { label: 'click', weight: 2, of: 'identity' },
    { label: 'click', weight: 1, of: 'log' },
    { label: 'time', weight: 3, of: 'log1p' },
    { label: 'time', weight: 1, of: 'power', exponent: 0.5 },
  ] as const;
  const expected = 0.5 + Math.log(0.25) + 3 * Math.log(9) + Math.sqrt(8);
  expect(rowValue(terms, (label) => said[label])).toBeCloseTo(expected, 12);
  expect(() => checkValue(terms, ['click'])).toThrow('task: value: expected labels that are served (click); got time');
  expect(() => checkValue([{ label: 'click', weight: 1, of: 'log', exponent: 2 }], ['click'])).toThrow(
    'task: value: click: expected an exponent with power alone; got it with log',
  );
});
