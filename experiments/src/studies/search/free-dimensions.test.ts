import { expect, it } from 'vitest';
import { parseSpace } from '../../config/search-space.ts';
import { freeDimensions } from './free-dimensions.ts';

const space = parseSpace({ 'a.b': [1, 2], 'c.d, c.e': 'uniform 0 1' }, () => '');
const given = (...keys: string[]) => keys.map((key) => ({ key, text: '1' }));

it('a key of the command line is not searched', () => {
  const names = (...keys: string[]) => freeDimensions(space, given(...keys)).map(({ name }) => name);
  expect(names()).toEqual(['a.b', 'c.d, c.e']);
  expect(names('a.b', 'x.y')).toEqual(['c.d, c.e']);
  expect(names('c.e', 'c.d')).toEqual(['a.b']);
  expect(() => names('c.d')).toThrow(
    '--c.d: expected all of c.d, c.e, which are drawn together as "c.d, c.e"; got only c.d',
  );
  expect(() => names('a.b', 'c.d', 'c.e')).toThrow('expected a key of the space that is left to search');
});
