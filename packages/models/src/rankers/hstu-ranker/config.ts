import { z } from 'zod';
import { positive, rate, size } from '../../config/fields.ts';
import { historySchema } from '../../features/history-config.ts';
import { fieldFields, tableFields } from '../config.ts';

const actions = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('ratings'),
      bounds: z
        .array(z.number())
        .min(1)
        .max(30)
        .refine((bounds) => bounds.every((bound, i) => i === 0 || bound > bounds[i - 1]), 'expected ascending bounds')
        .default([2, 3, 4, 5])
        .describe('Where the rating of one action ends and that of the next begins.'),
    })
    .describe('The rating of an event, or another number that is its action: one action for each interval.'),
  z
    .strictObject({
      kind: z.literal('column'),
      column: z.string().min(1).describe('A column of whole numbers of the events.'),
      bits: z.int().min(1).max(31).describe('How many actions there are: bit `a` of the number is action `a`.'),
    })
    .describe('Bit masks of several actions at once.'),
]);

/** Configuration of {@link createHstuRanker}; defaults are those of the reference's DLRM-v3 where it has one size. */
export const hstuRankerConfigSchema = z
  .strictObject({
    kind: z.literal('hstu-ranker'),
    ...fieldFields,
    userHistory: historySchema
      .omit({ columns: true, times: true })
      .prefault({})
      .describe('What is read of the user before the row; `maxEvents` is also what SiLU weights are divided by.'),
    embeddingDim: size.max(2 ** 14).describe('Width `D` of the tokens.'),
    tableDim: size
      .max(2 ** 14)
      .optional()
      .describe('Width of the vectors of the fields; default `embeddingDim`.'),
    numBlocks: size.max(256).describe('HSTU blocks.'),
    numHeads: size.max(1024).describe('Heads of a block.'),
    dqk: size.describe('Query and key width per head.'),
    dv: size.describe('Value and gate width per head.'),
    form: z
      .enum(['sum', 'interleave'])
      .default('sum')
      .describe(
        "What was done at an event: `sum` adds it to the event's token; `interleave` makes it a token of its own after the item's. Candidates are a token each in both.",
      ),
    actions: actions
      .default({ kind: 'ratings', bounds: [2, 3, 4, 5] })
      .describe('What was done at the events of a history; candidates have a learned vector in its place.'),
    actionDim: size
      .max(1024)
      .default(8)
      .describe('Width of the row of an action; those of all actions stand side by side.'),
    preprocessorHidden: size
      .default(256)
      .describe('Hidden width of the networks that make tokens of items and of actions.'),
    towerHidden: size.default(512).describe('Hidden width of the item tower.'),
    headHidden: size.default(512).describe('Hidden width of the network that makes logits.'),
    inputDropout: rate.default(0.2).describe('Dropout on the tokens.'),
    linearDropout: rate.default(0.1).describe('Dropout on what the output map of a block reads.'),
    attention: z
      .enum(['silu', 'softmax'])
      .default('silu')
      .describe('Pointwise SiLU divided by a constant, or a softmax over what a token sees.'),
    outputNorm: z
      .enum(['layer', 'group', 'rms'])
      .default('layer')
      .describe("Norm of the attention's output: over all heads, over each head, root mean square."),
    maxAttentionLength: size.optional().describe('Keys further back than this are hidden; default: none is.'),
    contextSees: z
      .enum(['history', 'earlier'])
      .default('history')
      .describe('Contextual tokens see each other and the whole history, or what stands before them alone.'),
    minHistoryForContext: z
      .int()
      .min(0)
      .default(20)
      .describe('Histories of fewer events have no contextual features: their vectors are zero.'),
    shortHistoryCounts: z
      .enum(['history', 'history-and-candidates'])
      .default('history')
      .describe(
        'What `minHistoryForContext` counts. `history-and-candidates` is what the reference does: scores then depend on the number of candidates.',
      ),
    queryTime: z
      .enum(['request', 'history'])
      .default('request')
      .describe(
        'When candidates are asked for, from where ages count: their own time, which rows of a request share, or that of the newest event of the history.',
      ),
    positionBuckets: size.default(8192).describe('Places counted from the newest event; older ones share the last.'),
    ageBuckets: size.default(2048).describe('Buckets of the age of an event; the table has one more row.'),
    ageScale: z.enum(['sqrt', 'log']).default('sqrt').describe('How minutes of age become a bucket.'),
    postNorm: z
      .enum(['layer', 'timestamp'])
      .default('layer')
      .describe(
        'Norm of what the blocks make of a candidate: a layer norm, or one that reads hour and weekday as well.',
      ),
    ...tableFields,
    embeddingStd: positive.default(0.02).describe('Standard deviation of new tables.'),
  })
  .describe('HSTU as a ranker: candidates that see contextual tokens, the history with its actions, and themselves.');

export type HstuRankerConfig = z.output<typeof hstuRankerConfigSchema>;
export type HstuRankerConfigInput = z.input<typeof hstuRankerConfigSchema>;
