import { describe, expect, it } from 'vitest';
import { type Node, otherNumber, ownOperators, thinned } from './operators.ts';
import { type Excuse, exitCode, type Mutant, score, table } from './score.ts';

const text = ['if (a < b) return;', 'total += a;'];
const mutant = (line: number, replacement: string, status: string): Mutant => ({
  file: 'a.ts',
  line,
  column: 0,
  text: text[line - 1],
  operator: 'EqualityOperator',
  replacement,
  status,
});

describe('score of mutants', () => {
  const mutants = [
    mutant(1, 'a <= b', 'Survived'),
    mutant(1, 'a >= b', 'Killed'),
    mutant(1, 'false', 'Timeout'),
    mutant(2, 'total -= a', 'NoCoverage'),
  ];

  it('is killed over all that are not equivalent; what a test does not reach survives', () => {
    expect(score(mutants, [])).toMatchObject({ mutants: 4, killed: 2, survived: 2, equivalent: 0, share: 0.5 });
    const excuses: Excuse[] = [
      { file: 'a.ts', line: 'if (a < b) return;', mutants: ['a <= b'], kind: 'equivalent', why: 'a is never b' },
      { file: 'a.ts', line: 'total += a;', kind: 'left', why: 'only a text reads it' },
    ];
    const result = score(mutants, excuses);
    expect(result).toMatchObject({ killed: 2, survived: 1, equivalent: 1, unlisted: [], unused: [] });
    expect(result.share).toBeCloseTo(2 / 3, 12);
  });

  it('names survivors without an excuse, and excuses without a survivor', () => {
    const excuses: Excuse[] = [
      { file: 'a.ts', line: 'if (a < b) return;', mutants: ['a >= b'], kind: 'equivalent', why: '' },
      { file: 'b.ts', line: 'total += a;', kind: 'equivalent', why: '' },
    ];
    const result = score(mutants, excuses);
    expect(result.unlisted).toEqual([mutants[0], mutants[3]]);
    expect(result.unused).toEqual(excuses);
  });

  it('is whole without mutants', () => {
    expect(score([], []).share).toBe(1);
  });
});

describe('the table', () => {
  const [good, bad] = [
    score(
      [1, 2, 2, 2].map((line) => mutant(line, '', 'Killed')),
      [],
    ),
    score([mutant(1, 'a', 'Killed'), mutant(2, 'b', 'Survived')], []),
  ];

  it('has a line a folder and one for the whole', () => {
    const scores = new Map([
      ['data/splits', good],
      ['models/hstu', bad],
      ['models/sasrec', undefined],
    ]);
    expect(table(scores, 0.9).split('\n')).toEqual([
      'folder         mutants  killed  survived  equivalent  unexplained    score',
      'data/splits          4       4         0           0            0  100.0 %',
      'models/hstu          2       1         1           0            1   50.0 %  below the bar',
      'models/sasrec        -       -         -           -            -  not run',
      'all                  6       5         1           0            1   83.3 %  below the bar',
    ]);
    expect(table(new Map([['data/splits', good]]), 0.9).split('\n')).toHaveLength(2);
  });

  it('is a success when every folder was run and reaches the bar', () => {
    expect(exitCode(new Map([['a', good]]), 0.9)).toBe(0);
    expect(exitCode(new Map([['a', bad]]), 0.5)).toBe(0);
    expect(
      exitCode(
        new Map([
          ['a', good],
          ['b', bad],
        ]),
        0.6,
      ),
    ).toBe(1);
    expect(
      exitCode(
        new Map([
          ['a', good],
          ['b', undefined],
        ]),
        0.6,
      ),
    ).toBe(1);
    expect(exitCode(new Map(), 0.6)).toBe(1);
  });
});

describe('own operators', () => {
  const [constant, tensor] = ownOperators((node) => structuredClone(node));
  const call = (object: string, name: string): Node => ({
    type: 'CallExpression',
    callee: {
      type: 'MemberExpression',
      computed: false,
      object: { type: 'Identifier', name: object },
      property: { type: 'Identifier', name },
    },
  });
  const swapped = (node: Node): (string | undefined)[] =>
    [...tensor.mutate({ node, parent: undefined }, {})].map((other) => other.callee?.property?.name);

  it('move a constant far enough to be seen', () => {
    expect([0, 1, 50, 0.02, 1.5, 1e-6].map(otherNumber)).toEqual([1, 2, 51, 0.04, 3, 1e-3]);
    const node: Node = { type: 'NumericLiteral', value: 3 };
    expect([...constant.mutate({ node, parent: undefined }, {})].map(({ value }) => value)).toEqual([4]);
    expect([...constant.mutate({ node, parent: { type: 'ObjectProperty', key: node } }, {})]).toEqual([]);
  });

  it('swap functions of tensors, and methods that only tensors have', () => {
    expect(swapped(call('tf', 'add'))).toEqual(['sub']);
    expect(swapped(call('tf', 'mean'))).toEqual(['sum']);
    expect(swapped(call('scores', 'mul'))).toEqual(['div']);
    expect(swapped(call('seen', 'add'))).toEqual([]);
    expect(swapped(call('tf', 'gather'))).toEqual([]);
  });

  it('a sample is a share of the mutants, the same for the same seed', () => {
    const many = { name: 'Many', mutate: () => Array.from({ length: 2000 }, (_, i) => ({ type: String(i) })) };
    const at = { node: { type: 'X' }, parent: undefined };
    const take = (seed: number) => [...thinned(many, 0.25, seed).mutate(at, {})].map(({ type }) => type);
    expect(take(1)).toEqual(take(1));
    expect(take(1)).not.toEqual(take(2));
    expect(Math.abs(take(1).length - 500)).toBeLessThan(5 * Math.sqrt(2000 * 0.25 * 0.75));
  });
});
