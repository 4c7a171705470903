import { defineBaseline } from '@seqrec/models';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { evaluationSchema } from './evaluation-schema.ts';
import type { RecipeConfigInput } from './schema.ts';

const given = { ks: [5], batchSize: 2, excludeSeen: true, selectBy: 'HR@5' } as const;
const fit = () => ({ name: 'acme/none', description: 'nothing.', numItems: 1, score: () => {} });

it('has the settings of each baseline, by type those of this package', () => {
  const written: RecipeConfigInput['evaluation'] = { ...given, ks: [5], ease: { lambda: 3 } };
  const { ease, itemKnn } = evaluationSchema().parse(written);
  expect([ease.lambda, itemKnn.last]).toEqual([3, 10]);
  expect(() => evaluationSchema().parse({ ...given, acmeDays: { days: 2 } })).toThrow('acmeDays');
  defineBaseline({
    name: 'acme/days',
    settings: { key: 'acmeDays', schema: z.strictObject({ days: z.number().default(1) }) },
    fit,
  });
  expect(evaluationSchema().parse(given)).toMatchObject({ acmeDays: { days: 1 } });
  expect(evaluationSchema().parse({ ...given, acmeDays: { days: 2 } })).toMatchObject({ acmeDays: { days: 2 } });
});

it('refuses settings of a plug-in under a key of its own', () => {
  defineBaseline({ name: 'acme/lists', settings: { key: 'lists', schema: z.strictObject({}) }, fit });
  expect(() => evaluationSchema()).toThrow(
    "expected one that is no other key of evaluation; got 'lists' of 'acme/lists'",
  );
});
