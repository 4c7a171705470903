import { z } from 'zod';
import { encoderFields } from '../../config/encoder-fields.ts';
import { count, rate, size } from '../../config/fields.ts';
import { type HstuSwitches, withSwitches } from './blocks.ts';

/** Configuration of {@link createHstu}; the defaults are those of the reference's ML-1M recipe. */
export const hstuConfigSchema = z
  .strictObject({
    kind: z.literal('hstu'),
    ...encoderFields,
    dqk: size.describe('Query and key width per head, `A`.'),
    dv: size.describe('Value and gate width per head, `C`.'),
    block: z
      .enum(['research', 'production'])
      .default('research')
      .describe(
        'The layer that switches depart from: `research`, or `production` (affine norms, bias of the first projection, SiLU on U alone, scores over `sqrt(dqk)`, `[U, O, U * LN(O)]`, no relative bias).',
      ),
    linearDropout: rate.optional().describe('Dropout on what the output map reads; research 0.2, production 0.3.'),
    relativeBias: z
      .enum(['none', 'position', 'position-time', 'rotary'])
      .optional()
      .describe(
        'Relative attention bias: learned per distance, and per bucket of the time difference. `rotary`: no bias, queries and keys are turned by their positions instead (RoPE). Research `position-time`, production `none`.',
      ),
    numTimeBuckets: size.default(128).describe('Time buckets of the relative bias; the table has one more row.'),
    attention: z
      .enum(['silu', 'softmax'])
      .default('silu')
      .describe(
        '`silu`: pointwise, normalised by `1/n`, as in the paper. `softmax`: causal softmax of `q k^T / sqrt(dqk)`, the paper\'s "HSTU (-rab, softmax)" ablation; it has no relative bias.',
      ),
    normalizer: z
      .enum(['padded', 'seen', 'none'])
      .optional()
      .describe('What SiLU weights are divided by: `n` (`padded`), the number of keys that a query sees, or nothing.'),
    attentionScale: z
      .union([z.enum(['one', 'inverse-sqrt']), z.number().gt(0)])
      .optional()
      .describe(
        'Factor of `q k^T` before SiLU, a number or one of these; a softmax always has `inverse-sqrt`. Research `one`, production `inverse-sqrt`: `1 / sqrt(dqk)`.',
      ),
    activation: z
      .enum(['uvqk', 'u', 'none'])
      .optional()
      .describe(
        'Where SiLU acts after the first projection: on all of U, V, Q, K (research), on the gate U alone (production), or nowhere.',
      ),
    projectionBias: z.boolean().optional().describe('Bias of the first projection; production has one.'),
    projectionInit: z
      .enum(['normal', 'xavier-uniform'])
      .optional()
      .describe(
        'Initial values of the first projection: `normal` with 0.02 (research), or `xavier-uniform` (production).',
      ),
    affineNorms: z
      .boolean()
      .optional()
      .describe(
        'Gain and bias of the norms; production has them. With `group` one pair a head, with `rms` a gain alone.',
      ),
    outputNorm: z
      .enum(['layer', 'group', 'rms'])
      .optional()
      .describe(
        "Norm of the attention's output: over all heads together (`layer`), over each head (`group`), root mean square (`rms`).",
      ),
    gate: z.boolean().optional().describe('False leaves the gate U out: `dropout(N(O))`.'),
    concat: z
      .union([z.boolean(), z.literal('raw')])
      .optional()
      .describe(
        'The output map reads `[U, N(O), U * N(O)]` (true) or `[U, O, U * N(O)]` (`raw`, production) instead of the product alone.',
      ),
    outputBias: z.boolean().optional().describe('Bias of the output map; research has one.'),
    inputEncoding: z
      .enum(['position', 'reverse-position-time'])
      .optional()
      .describe(
        'What is added to the item vectors. `position` (research): a learned vector per place, the oldest event first. `reverse-position-time` (production): one per place counted from the newest, and one per bucket of the age.',
      ),
    ageBuckets: size
      .optional()
      .describe('Buckets of the age, for `reverse-position-time`; the table has one more row. 2048 unless given.'),
    ageScale: z
      .enum(['sqrt', 'log'])
      .optional()
      .describe('How minutes of age become a bucket, for `reverse-position-time`; `sqrt` unless given.'),
    actions: z
      .enum(['none', 'sum', 'interleave'])
      .default('none')
      .describe(
        "What was done at each event (its rating) as an input. `sum`: a vector added to the item's. `interleave`: a token of its own after the item's, so that histories are twice as long and the action of an item can be predicted from it.",
      ),
    maxAttentionLength: count.optional().describe('Keys further back than this are hidden; default: none is.'),
    globalAttentionLength: count
      .optional()
      .describe(
        'With `maxAttentionLength`: so many of the first tokens are seen by all after them (semi-local attention); default: none.',
      ),
    minFullAttentionLength: count
      .optional()
      .describe(
        'With `maxAttentionLength`: so many of the newest tokens see everything before them; default: none does.',
      ),
  })
  .refine((config) => conditionsOf(config).gate, {
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
  .refine((config) => config.globalAttentionLength === undefined || config.maxAttentionLength !== undefined, {
    path: ['globalAttentionLength'],
    message: 'nothing without maxAttentionLength',
  })
  .refine((config) => conditionsOf(config).ages, {
    path: ['ageBuckets'],
    message: "no ageBuckets and no ageScale without inputEncoding 'reverse-position-time'",
  })
  .refine((config) => conditionsOf(config).normalizer, {
    path: ['normalizer'],
    message: "'padded' when attention is 'softmax', which has a normaliser of its own",
  })
  .refine(
    ({ attention, attentionScale = 'inverse-sqrt' }) => attention === 'silu' || attentionScale === 'inverse-sqrt',
    {
      path: ['attentionScale'],
      message: "'inverse-sqrt' when attention is 'softmax', whose scores are always divided by sqrt(dqk)",
    },
  )
  .refine((config) => conditionsOf(config).relativeBias, {
    path: ['relativeBias'],
    message: "'none' or 'rotary' when attention is 'softmax' (softmax attention has no relative bias here)",
  })
  .describe('HSTU, Zhai et al. 2024.');

/** What a refinement sees: a parsed object, switches not yet filled in. */
type Given = Partial<HstuSwitches> & {
  readonly block: 'research' | 'production';
  readonly attention: 'silu' | 'softmax';
  readonly ageBuckets?: number;
  readonly ageScale?: string;
};

/** For each key that depends on others, whether its value goes with theirs. */
function conditionsOf(given: Given): Readonly<Record<'gate' | 'ages' | 'normalizer' | 'relativeBias', boolean>> {
  const { gate, concat, activation, normalizer, relativeBias, inputEncoding } = withSwitches(given);
  const silu = given.attention === 'silu';
  return {
    gate: gate || (concat === false && activation !== 'u'),
    ages: inputEncoding === 'reverse-position-time' || (given.ageBuckets === undefined && given.ageScale === undefined),
    normalizer: silu || normalizer === 'padded',
    relativeBias: silu || relativeBias === 'none' || relativeBias === 'rotary',
  };
}

/** Switches that are absent are those of `block`, see {@link withSwitches}. */
export type HstuConfig = z.output<typeof hstuConfigSchema>;
export type HstuConfigInput = z.input<typeof hstuConfigSchema>;
