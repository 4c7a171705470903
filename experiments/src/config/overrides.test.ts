import { expect, test } from 'vitest';
import { z } from 'zod';
import { applyOverrides } from './overrides.ts';

const Schema = z.strictObject({
  seed: z.int().min(0),
  name: z.string().optional(),
  flag: z.boolean().optional(),
  ks: z.array(z.int().positive()),
  model: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('hstu'), numBlocks: z.int().positive(), bias: z.enum(['none', 'time']) }),
    z.strictObject({ kind: z.literal('sasrec'), ffnDim: z.int().positive() }),
  ]),
});
const base = { seed: 1, ks: [10], model: { kind: 'hstu', numBlocks: 2, bias: 'time' } };
const apply = (key: string, text: string | true) => applyOverrides(Schema, base, [{ key, text }]);

test('a text becomes what the schema takes at that key', () => {
  expect(apply('model.numBlocks', '4').model).toEqual({ kind: 'hstu', numBlocks: 4, bias: 'time' });
  expect(apply('name', '007').name).toBe('007');
  expect(apply('flag', true).flag).toBe(true);
  expect(apply('flag', 'false').flag).toBe(false);
  expect(apply('ks', '[5,20]').ks).toEqual([5, 20]);
  expect(base.model.numBlocks).toBe(2);
});

test('a text with commas is a list where the schema takes one', () => {
  expect(apply('ks', '5,20').ks).toEqual([5, 20]);
  expect(apply('ks', ' 5 , 20 ').ks).toEqual([5, 20]);
  expect(apply('ks', '5').ks).toEqual([5]);
  expect(apply('name', 'a,b').name).toBe('a,b');
  // A shell leaves no quotes inside brackets.
  const names = z.strictObject({ names: z.array(z.enum(['a', 'b'])) });
  const listed = (text: string) => applyOverrides(names, { names: ['a'] }, [{ key: 'names', text }]).names;
  expect(['[a, b]', 'a,b', '["b"]', '[b]', 'none', '[]'].map(listed)).toEqual([
    ...[['a', 'b'], ['a', 'b'], ['b'], ['b'], [], []],
  ]);
  expect(() => listed('c')).toThrow('--names.0: expected one of "a", "b"; got the text "c"');
  expect(apply('name', 'none').name).toBe('none');
  expect(() => apply('ks', '5,x')).toThrow('--ks.1: expected a number; got the text "x"');
  expect(() => apply('ks', 'x')).toThrow('--ks.0: expected a number; got the text "x"');
});

test('numbers and words of JSON are texts where the schema takes no other list', () => {
  const texts = z.strictObject({ missing: z.array(z.string()) });
  const listed = (text: string) => applyOverrides(texts, { missing: [] }, [{ key: 'missing', text }]).missing;
  const typed = ['999', '-1.0,007', '[999]', '[ 1, NA ]', 'null,true', 'none'].map(listed);
  expect(typed).toEqual([['999'], ['-1.0', '007'], ['999'], ['1', 'NA'], ['null', 'true'], []]);
  expect(() => listed('["a",1]')).toThrow('--missing.1: expected a string; got 1');
});

test('a wrong type names the key, what was expected and what was given', () => {
  expect(() => apply('model.numBlocks', 'four')).toThrow('--model.numBlocks: expected a number; got the text "four"');
  expect(() => apply('model.numBlocks', '0')).toThrow('--model.numBlocks: expected a number above 0; got 0');
  expect(() => apply('model.numBlocks', '2.5')).toThrow('--model.numBlocks: expected a whole number; got 2.5');
  expect(() => apply('model.bias', 'position')).toThrow(
    '--model.bias: expected one of "none", "time"; got the text "position"',
  );
});

test('an unknown key comes with the kind that has it, or the nearest one of the same level and kind', () => {
  expect(() => apply('model.numBlock', '4')).toThrow('--model.numBlock: unknown key; did you mean --model.numBlocks?');
  expect(() => apply('modle.numBlocks', '4')).toThrow('--modle.numBlocks: unknown key; did you mean --model?');
  expect(() => apply('model.ffnDim', '4')).toThrow('--model.ffnDim: unknown key; it is one of --model.kind sasrec');
  const dropout = z.strictObject({
    model: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('t5'), dropout: z.number() }),
      z.strictObject({ kind: z.literal('hstu'), idDropout: z.number() }),
    ]),
  });
  const model = { kind: 'hstu', idDropout: 0 };
  expect(() => applyOverrides(dropout, { model }, [{ key: 'model.dropout', text: '0' }])).toThrow(
    '--model.dropout: unknown key; it is one of --model.kind t5; did you mean --model.idDropout?',
  );
});

test('what is wrong inside a list of JSON is told of the list as it is', () => {
  const layers = z.strictObject({ layers: z.array(z.strictObject({ kind: z.literal('lsa'), width: z.int() })) });
  const text = '[{"kind":"lsa","path":"a,b"}]';
  expect(() => applyOverrides(layers, { layers: [] }, [{ key: 'layers', text }])).toThrow(
    '--layers.0.path: unknown key; known: kind, width',
  );
});

test('an unknown tag lists the tags', () => {
  expect(() => apply('model.kind', 'bert')).toThrow(
    '--model.kind: expected one of "hstu", "sasrec"; got the text "bert"',
  );
});

test('what is wrong inside a plain union is told of the branch that the tag names', () => {
  const Split = z.strictObject({
    split: z.union([
      z.enum(['last', 'random']),
      z.strictObject({ kind: z.literal('time').default('time'), cut: z.number().lt(1).default(0.5) }),
      z.strictObject({
        kind: z.literal('random'),
        share: z.number().lt(1).default(0.1),
        by: z.enum(['a', 'b']).optional(),
      }),
    ]),
  });
  const set = (...pairs: string[]) => {
    const overrides = pairs.map((pair) => ({ key: pair.split(' ')[0], text: pair.split(' ')[1] }));
    return applyOverrides(Split, { split: 'last' }, overrides);
  };
  expect(set('split.kind random', 'split.share .2')).toEqual({ split: { kind: 'random', share: 0.2 } });
  expect(set('split.cut .2')).toEqual({ split: { kind: 'time', cut: 0.2 } });
  expect(() => set('split.kind random', 'split.share 2')).toThrow('--split.share: expected a number below 1; got 2');
  expect(() => set('split.cut 2')).toThrow('--split.cut: expected a number below 1; got 2');
  expect(() => set('split.kind random', 'split.by c')).toThrow(
    '--split.by: expected one of "a", "b"; got the text "c"',
  );
  expect(() => set('split.kind randm')).toThrow('--split.kind: expected one of "time", "random"; got the text "randm"');
  expect(() => set('split randm')).toThrow('--split: expected one of "last", "random"; got the text "randm"');
});

test('a changed tag takes nothing of the defaults of the kind before', () => {
  const Loss = z.strictObject({
    loss: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('bce'), negatives: z.int().default(1), t: z.int().default(3) }),
        z.strictObject({ kind: z.literal('gbce'), negatives: z.int().default(256), t: z.int().default(7) }),
      ])
      .prefault({ kind: 'bce' }),
  });
  const after = (base: object, ...given: (readonly [string, string])[]) =>
    applyOverrides(
      Loss,
      base,
      given.map(([key, text]) => ({ key: `loss.${key}`, text })),
    ).loss;
  expect(after({}, ['kind', 'gbce'])).toEqual({ kind: 'gbce', negatives: 256, t: 7 });
  expect(after({ loss: { kind: 'bce', t: 4 } }, ['kind', 'gbce'])).toEqual({ kind: 'gbce', negatives: 256, t: 4 });
  // What was set on the way is written too.
  expect(after({}, ['negatives', '8'], ['kind', 'gbce'])).toEqual({ kind: 'gbce', negatives: 8, t: 7 });
});

test('a changed tag keeps what the new kind has too and drops the rest', () => {
  const Shared = z.strictObject({
    model: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('hstu'), width: z.int(), dqk: z.int() }),
      z.strictObject({ kind: z.literal('gru'), width: z.int(), hidden: z.int().default(9) }),
    ]),
  });
  const from = { model: { kind: 'hstu', width: 4, dqk: 2 } };
  expect(applyOverrides(Shared, from, [{ key: 'model.kind', text: 'gru' }])).toEqual({
    model: { kind: 'gru', width: 4, hidden: 9 },
  });
  expect(applyOverrides(Shared, from, [{ key: 'model.kind', text: 'hstu' }])).toEqual(from);
});
