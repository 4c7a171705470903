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
    /**
     * Relative attention bias: learned per distance, and per bucket of the time difference. `rotary`: no bias, queries and
     * keys are turned by their positions instead (RoPE).
     */
    relativeBias: z.enum(['none', 'position', 'position-time', 'rotary']).default('position-time'),
    /** Time buckets; the table has one more row. */
    numTimeBuckets: size.default(128),
    /**
     * `silu`: pointwise, normalised by `1/n`, as in the paper. `softmax`: causal softmax of `q k^T / sqrt(dqk)`, the
     * paper's "HSTU (-rab, softmax)" ablation; it has no relative bias.
     */
    attention: z.enum(['silu', 'softmax']).default('silu'),
    /** What SiLU weights are divided by: `n` (`padded`), the length of the sequence so far that a query sees, or nothing. */
    normalizer: z.enum(['padded', 'seen', 'none']).default('padded'),
    /** Where SiLU acts after the first projection: on all of U, V, Q, K, on the gate U alone, or nowhere. */
    activation: z.enum(['uvqk', 'u', 'none']).default('uvqk'),
    /** False leaves the gate U out: `dropout(LN(O))`. */
    gate: z.boolean().default(true),
    /** The output map reads `[U, LN(O), U * LN(O)]` instead of the product alone. */
    concat: z.boolean().default(false),
    /** Keys further back than this are hidden; default: none is. */
    maxAttentionLength: size.optional(),
    /** With `maxAttentionLength`: so many of the newest tokens see everything before them; default: none does. */
    minFullAttentionLength: size.optional(),
  })
  .refine((config) => config.gate || (!config.concat && config.activation !== 'u'), {
    path: ['gate'],
    message: "true for concat and for activation 'u', which are about the gate",
  })
  .refine((config) => config.relativeBias !== 'rotary' || config.dqk % 2 === 0, {
    path: ['dqk'],
    message: 'an even width, whose columns rotary positions turn in pairs',
  })
  .refine((config) => config.minFullAttentionLength === undefined || config.maxAttentionLength !== undefined, {
    path: ['minFullAttentionLength'],
    message: 'nothing without maxAttentionLength',
  })
  .refine((config) => config.attention === 'silu' || config.normalizer === 'padded', {
    path: ['normalizer'],
    message: "'padded' when attention is 'softmax', which has a normaliser of its own",
  })
  .refine((config) => config.attention === 'silu' || ['none', 'rotary'].includes(config.relativeBias), {
    path: ['relativeBias'],
    message: "'none' or 'rotary' when attention is 'softmax' (softmax attention has no relative bias here)",
  });

export type HstuConfig = z.output<typeof hstuConfigSchema>;
export type HstuConfigInput = z.input<typeof hstuConfigSchema>;
