import { z } from 'zod';
import { encoderFields, rate, size } from '../config/fields.ts';

/** Configuration of {@link createHstu}; the defaults are those of the reference's ML-1M recipe. */
export const hstuConfigSchema = z
  .strictObject({
    kind: z.literal('hstu'),
    ...encoderFields,
    /** Query and key width per head, `A`. */
    dqk: size,
    /** Value and gate width per head, `C`. */
    dv: size,
    /** Dropout on the gated attention output, before the output projection. */
    linearDropout: rate.default(0.2),
    /** Relative attention bias: learned per distance, and per bucket of the time difference. */
    relativeBias: z.enum(['none', 'position', 'position-time']).default('position-time'),
    /** Time buckets; the table has one more row. */
    numTimeBuckets: size.default(128),
    /**
     * `silu`: pointwise, normalised by `1/n`, as in the paper. `softmax`: causal softmax of `q k^T / sqrt(dqk)`, the
     * paper's "HSTU (-rab, softmax)" ablation; it has no relative bias.
     */
    attention: z.enum(['silu', 'softmax']).default('silu'),
  })
  .refine((config) => config.attention === 'silu' || config.relativeBias === 'none', {
    path: ['relativeBias'],
    message: "'none' when attention is 'softmax' (softmax attention has no relative bias here)",
  });

export type HstuConfig = z.output<typeof hstuConfigSchema>;
export type HstuConfigInput = z.input<typeof hstuConfigSchema>;
