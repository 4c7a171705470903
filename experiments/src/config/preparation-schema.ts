import { negativeSources } from '@seqrec/data';
import {
  itemVectorsDefinition,
  readsVectors,
  type SemanticIdsConfig,
  semanticIdsSchema,
  tokenizerDefinition,
} from '@seqrec/models';
import { z } from 'zod';
import { count, flag, seed, share, text } from './fields.ts';
import { SplitConfigSchema } from './split-schema.ts';

/** A label from a column of numbers: rows between the bounds, and those without a number, are dropped. */
const LabelConfig = z
  .strictObject({
    column: text.describe('A column of numbers of the events. It is no feature of an event any more.'),
    positiveAbove: z.number().describe('Rows with a number above are positive, 1.'),
    negativeBelow: z
      .number()
      .describe('Rows with a number below are negative, 0; those between the bounds are dropped.'),
    name: text.default('label').describe('Name of the new column, which has the role `labels`.'),
  })
  .refine(({ positiveAbove, negativeBelow }) => negativeBelow <= positiveAbove, {
    path: ['negativeBelow'],
    message: 'expected a number of at most positiveAbove',
  });

const UserVectorsConfig = z
  .strictObject({
    path: text.describe('A file that `seqrec vectors RUN --of users` writes of the same data.'),
    age: z.int().min(0).optional().describe('They were computed so many requests before, one an event; default 0.'),
    every: z
      .union([count, z.array(count).min(1)])
      .optional()
      .describe('They are computed anew at every so many requests of a user; of several periods each user has one.'),
    hours: z.number().min(0).optional().describe('They were computed at least so many hours before.'),
    seed: seed.default(1).describe('Seed of which user has which of several periods.'),
  })
  .refine(({ age, every, hours }) => [age, every, hours].filter((given) => given !== undefined).length <= 1, {
    path: ['every'],
    message: 'expected one of age, every and hours',
  });

const TeacherLabelsConfig = z.strictObject({
  path: text.describe('A label store: the folder that `seqrec labels RUN --to FOLDER` writes.'),
  teacher: text.optional().describe('Which teacher of the store; default the one that there is.'),
  prefix: text.default('teacher').describe('The new labels are `PREFIX.LABEL`.'),
  scale: z
    .number()
    .positive()
    .default(1)
    .describe('What predictions are multiplied by, to see what a biased teacher does; probabilities are held at 1.'),
});

const semanticIdsColumn = () =>
  z
    .strictObject({
      path: text.optional().describe('A file of ids: what `seqrec ids fit` writes.'),
      ids: semanticIdsSchema()
        .optional()
        .describe('In place of a file: how ids are made of what the table of items says, or of a file of vectors.'),
      terms: z
        .enum(['prefixes', 'groups', 'pieces', 'vectors'])
        .default('prefixes')
        .describe(
          'Of the codes of an item: `prefixes`, the first 1, 2, ... of them; `groups` of `n` neighbours; `pieces`, runs that byte-pair encoding learned from the codes of all items. `vectors`: the vectors that the codes are made from, a column of numbers.',
        ),
      n: count.default(1).describe('Of `groups`: codes of a group; it divides the codes of an item.'),
      pieces: count.optional().describe('Of `pieces`: how many there are; default four times the single codes.'),
      weigh: z
        .enum(['items', 'training-events'])
        .optional()
        .describe(
          'Of `pieces`: what a run of codes is counted by, each item once (default), or as often as it is a training event, of rows with a label above 0 alone.',
        ),
      name: text.default('semanticIds').describe('Name of the new column of the items.'),
    })
    .refine(({ path, ids }) => (path === undefined) !== (ids === undefined), {
      path: ['path'],
      message: 'expected either it or ids',
    })
    .refine(({ ids }) => ids === undefined || !readsTrainingEvents(ids), {
      path: ['ids'],
      message:
        'expected ids of content, as behaviour is split later; fit those with `seqrec ids fit`, and name the file in path',
    })
    .refine(({ terms, n }) => terms === 'groups' || n === 1, { path: ['n'], message: "it with terms 'groups' alone" })
    .refine(({ terms, pieces }) => terms === 'pieces' || pieces === undefined, {
      path: ['pieces'],
      message: "it with terms 'pieces' alone",
    })
    .refine(({ terms, weigh }) => terms === 'pieces' || weigh === undefined, {
      path: ['weigh'],
      message: "it with terms 'pieces' alone",
    });

/** Whether ids are made of training events. */
export function readsTrainingEvents({ vectors, tokenizer }: SemanticIdsConfig): boolean {
  const beside = tokenizerDefinition(tokenizer).beside?.(tokenizer)?.vectors;
  const read = [...(beside === undefined ? [] : [beside]), ...(readsVectors(tokenizer) ? vectors : [])];
  return read.some((each) => itemVectorsDefinition(each).readsEvents);
}

export type SemanticIdsColumn = z.output<ReturnType<typeof semanticIdsColumn>>;
export type TeacherLabelsConfig = z.output<typeof TeacherLabelsConfig>;

export type UserVectorsConfig = z.output<typeof UserVectorsConfig>;

/** Settings of every format: how files are read, and how events are filtered and split. */
export const preparation = {
  ties: z
    .string()
    .regex(/^(file-order|(shuffle|by-item)(:\d{1,15})?)$/, 'expected file-order, shuffle:SEED or by-item:SEED')
    .optional()
    .describe(
      'Order of the events of one user that share a time: `file-order`, `shuffle:SEED`, or `by-item:SEED`, one order of items by chance for all users, which shows what a file gives away that was once sorted by item. Default: what is known to be right for the data set (`seqrec data` says which), `file-order` for a csv.',
    ),
  lenient: flag.optional().describe('Count and report rows that cannot be read instead of stopping at the first.'),
  split: SplitConfigSchema,
  after: z
    .array(text)
    .optional()
    .describe(
      'Columns of the events that are known only after the event (how long it was read): no features of it. `seqrec data` warns of columns that alone tell a label.',
    ),
  heldOut: z
    .strictObject({
      share: share.describe('Share of the users.'),
      seed: seed.default(1).describe('Seed of which users.'),
    })
    .optional()
    .describe(
      'Keep a share of the users out of training and validation: recent and older sequences are tested on them.',
    ),
  coldItems: z
    .strictObject({
      share: share.describe('Share of the items.'),
      seed: seed.default(1).describe('Seed of which items.'),
    })
    .optional()
    .describe(
      'Take a share of the items out of all that trains, but for targets: cold items to test features on. For a ranker their rows leave training and validation.',
    ),
  minRating: z.number().optional().describe('Keep only ratings of at least this value.'),
  label: LabelConfig.optional().describe(
    'A label made from a column of numbers, for a ranker: 1 above a bound, 0 below another; rows without a number are dropped.',
  ),
  sampledNegatives: z
    .strictObject({
      perPositive: count.describe('Rows of label 0 for each event.'),
      seed: seed.default(0).describe('Seed of the items.'),
      among: z
        .enum(negativeSources)
        .optional()
        .describe(
          'Which items are drawn: `all` (default), or those that are `opened`, with an event at the time of the row or before. Split by time, new items of all are in what trains with label 0 alone.',
        ),
    })
    .optional()
    .describe(
      'For a ranker of data without negatives: each event is a row of the label `label` 1, and rows of 0 follow it, of items drawn uniformly among those that the user has no event with. They share a request, the column `shown`.',
    ),
  teacherLabels: z
    .array(TeacherLabelsConfig)
    .min(1)
    .optional()
    .describe(
      'Predictions of other models as labels of the events, joined by user, item and time, for a ranker that learns from them (distillation); rows that a store does not have are without.',
    ),
  userVectors: UserVectorsConfig.optional().describe(
    'Vectors of another run as the column `userVector` of the events: what a service has at hand that computes them apart from requests; the column `userVectorAge` says how many requests before. Name them in `model.features`, the vector with the encoding `standardise`.',
  ),
  /** Made when the settings are spread: plug-ins may have defined tokenizers by then. */
  get semanticIds() {
    const column = semanticIdsColumn();
    return z
      .union([column, z.array(column).min(1)])
      .optional()
      .describe(
        'Codes of the items as a column of ids, `semanticIds`, which rankers and encoders read as any other: name it in `model.features`. Items with equal codes share rows; a counter that made codes unique is left out. A list makes several columns.',
      );
  },
  repeats: z
    .enum(['keep', 'drop'])
    .optional()
    .describe(
      'With `drop`, of neighbouring events of a user with the same item the first is kept; with `kCore` both in turn until nothing changes.',
    ),
  kCore: count.optional().describe('Drop users and items with fewer events than this, until none are left to drop.'),
};
