import { expect, test } from 'vitest';
import { z } from 'zod';
import { jsonSchemaOf } from './json-schema.ts';
import { valuesInWords } from './values.ts';

test.each<[z.ZodType, string]>([
  [z.int(), 'whole number'],
  [z.int().min(0), 'whole number >= 0'],
  [z.int().positive(), 'whole number >= 1'],
  [
    z
      .int()
      .positive()
      .max(2 ** 20),
    'whole number in [1, 2^20]',
  ],
  [z.int().max(64), 'whole number <= 64'],
  [z.number(), 'number'],
  [z.number().gt(0).max(1.5), 'number in (0, 1.5]'],
  [z.number().min(0).lt(1).default(0.5), 'number in [0, 1)'],
  [z.number().lt(0), 'number < 0'],
  [z.string().optional(), 'text'],
  [z.boolean(), 'true | false'],
  [z.enum(['a', 'b']), 'a | b'],
  [z.union([z.int().min(1), z.literal('all')]), 'whole number >= 1 | all'],
  [z.union([z.enum(['a']), z.strictObject({ b: z.int() }), z.strictObject({ c: z.int() })]), 'a | settings'],
  [z.array(z.string()), 'list of text'],
  [z.array(z.int().min(1)).min(1), 'list of whole number >= 1, not empty'],
  [z.array(z.string()).min(1).max(4), 'list of text, 1 to 4 entries'],
  [z.array(z.union([z.string(), z.strictObject({})])), 'list of (text | settings)'],
  [z.tuple([z.string(), z.int().min(0)]), 'list of 2: text, whole number >= 0'],
])('%#: %s', (schema, words) => {
  expect(valuesInWords(jsonSchemaOf(schema))).toBe(words);
});
