import type { AttentionMask } from '@seqrec/core';
import { z } from 'zod';
import { size } from '../config/fields.ts';
import { GoldenError } from '../errors.ts';
import { checkedFields, type GoldenFile } from './file.ts';
import { relativeError } from './relative-error.ts';
import { float32Tolerance, type GoldenReport, goldenReport } from './report.ts';
import { seenKeys } from './seen-keys.ts';

const length = z.int().min(0);

const caseSchema = z.object({
  causal: z.boolean(),
  n: size,
  lengths: z.array(length),
  numTargets: z.array(length).nullable(),
  maxAttnLen: length,
  contextual: length,
  minFullAttnSeqLen: length,
});
export type MaskCase = z.output<typeof caseSchema>;

const fileSchema = z.object({
  config: z.object({ cases: z.array(caseSchema) }),
  outputs: z.object({ masks: z.array(z.array(z.string().regex(/^[01]*$/))) }),
});

/** Masks of the public HSTU code beside what the attentions of @seqrec/core let each query see, and train. */
export async function checkHstuMasks(json: GoldenFile): Promise<GoldenReport> {
  const { config, outputs } = checkedFields(fileSchema, json);
  const errors: Record<string, number> = {};
  for (const [at, given] of config.cases.entries()) {
    const { n, lengths } = given;
    const rows = outputs.masks[at] ?? [];
    if (rows.length !== lengths.length * n || rows.some((row) => row.length !== n)) {
      throw new GoldenError(`golden: outputs.masks.${at}: expected ${lengths.length * n} rows of ${n}; got others`);
    }
    const compared = seenKeys({ lengths, columns: n, mask: maskOf(given) }, (b, i, j) => rows[b * n + i][j] === '1');
    for (const [form, [got, expected]] of Object.entries(compared))
      errors[`${at}.${form}`] = relativeError(got, expected);
  }
  return goldenReport(json.name, { outputs: errors }, float32Tolerance());
}

/** The mask that the arguments of the public code describe; nothing where they hide no more than causality does. */
export function maskOf(given: Omit<MaskCase, 'n' | 'lengths'>): AttentionMask | undefined {
  const { causal, numTargets, maxAttnLen, contextual, minFullAttnSeqLen } = given;
  const mask = {
    ...(maxAttnLen > 0 && { maxAttentionLength: maxAttnLen }),
    ...(contextual > 0 && { contextualLength: contextual }),
    ...(minFullAttnSeqLen > 0 && { minFullAttentionLength: minFullAttnSeqLen }),
    ...(numTargets && { numTargets }),
    ...(!causal && { bidirectional: true }),
  };
  return Object.keys(mask).length === 0 ? undefined : mask;
}
