import { expect, test } from 'vitest';
import { z } from 'zod';
import { validate } from './validate.ts';

const Schema = z.strictObject({
  epochs: z.int().positive().default(1).describe('Passes over the training set.'),
  ks: z.array(z.int()).default([]).describe('Cut-offs of HR@k.'),
  rule: z.enum(['a', 'b']).default('a').describe('`a`: one thing. `b`: another thing.'),
  hinted: z
    .int()
    .refine((value) => value < 9, 'expected a small number; take 8')
    .default(1)
    .describe('Small.'),
  model: z
    .discriminatedUnion('kind', [z.strictObject({ kind: z.literal('x') }), z.strictObject({ kind: z.literal('y') })])
    .default({ kind: 'x' })
    .describe('A model.'),
  plain: z.int().default(1),
});

test.each<[unknown, string]>([
  [{ epochs: 0 }, 'epochs: expected a number above 0; got 0; passes over the training set'],
  [{ ks: [1, 'x'] }, 'ks.1: expected a number; got the text "x"; cut-offs of HR@k'],
  // More than a sentence is for the command.
  [{ rule: 'c' }, 'rule: expected one of "a", "b"; got the text "c"; `seqrec settings rule` explains it'],
  [{ model: { kind: 'z' } }, 'expected one of "x", "y"; got the text "z"; `seqrec settings model.kind` explains it'],
  [{ model: 3 }, 'model: expected an object; got 3; a model'],
  // What has a hint already, and what nobody has explained.
  [{ hinted: 12 }, 'hinted: expected a small number; take 8; got 12'],
  [{ epoch: 2 }, 'epoch: unknown key; did you mean epochs?'],
  [{ plain: 'x' }, 'plain: expected a number; got the text "x"'],
])('%j', (value, message) => {
  let got = '';
  try {
    validate(Schema, value);
  } catch (error) {
    got = (error as Error).message;
  }
  expect(got.slice(-message.length)).toBe(message);
});
