import { expect, test } from 'vitest';
import { choiceOption, integerOption, joinNegativeValues, rawOption, splitOverrides } from './arguments.ts';

test('dotted options are taken out of the arguments as typed', () => {
  const { rest, overrides } = splitOverrides([
    'train',
    'ml-1m/hstu',
    '--model.numBlocks',
    '4',
    '--epochs',
    '3',
    '--data.path=my file.csv',
    '--data.lenient',
    '--model.x',
    '-5',
  ]);
  expect(rest).toEqual(['train', 'ml-1m/hstu', '--epochs', '3']);
  expect(overrides).toEqual([
    { key: 'model.numBlocks', text: '4' },
    { key: 'data.path', text: 'my file.csv' },
    { key: 'data.lenient', text: true },
    { key: 'model.x', text: '-5' },
  ]);
});

test('a negative number belongs to the option before it', () => {
  expect(joinNegativeValues(['train', 'x', '--epochs', '-1', '-k', '-2.5', '--quiet', '--seed', '3', '-k'])).toEqual([
    'train',
    'x',
    '--epochs=-1',
    '-k=-2.5',
    '--quiet',
    '--seed',
    '3',
    '-k',
  ]);
});

test('an option keeps its text, zeros included', () => {
  expect(rawOption(['--user', '0012'], 'user')).toBe('0012');
  expect(rawOption(['--user=1e3'], 'user')).toBe('1e3');
  expect(rawOption(['--users', '3'], 'user')).toBeUndefined();
});

test('numbers and choices are checked', () => {
  expect(integerOption('epochs', undefined)).toBeUndefined();
  expect(integerOption('epochs', 3)).toBe(3);
  expect(() => integerOption('epochs', 'three')).toThrow('--epochs: expected a whole number, at least 1; got "three"');
  expect(() => integerOption('epochs', 0)).toThrow('at least 1; got 0');
  expect(() => choiceOption('split', 'tst', ['validation', 'test'])).toThrow(
    '--split: expected one of validation, test; got "tst"',
  );
});
