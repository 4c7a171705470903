import { z } from 'zod';
import { positive } from '../../config/fields.ts';

const name = z.string().min(1);

/** How a head learns its label. */
export const labelLosses = [
  'binary',
  'soft-binary',
  'sigmoid-squared',
  'squared',
  'huber',
  'log-mse',
  'log-huber',
  'weighted-logistic',
  'pairwise',
  'listwise',
] as const;
export type LabelLossName = (typeof labelLosses)[number];

const loss = z.enum(labelLosses);

const labelSchema = z
  .strictObject({
    column: name.describe('The column of the label, of the role `labels`.'),
    name: name
      .optional()
      .describe('The name of the head in metrics and as a parent; default the column. Heads have different names.'),
    loss: loss.optional().describe('The loss of this label; default that of the task.'),
    weight: z
      .number()
      .min(0)
      .optional()
      .describe('What its loss is multiplied by; default 1. Where a head has one, `lossWeights` is left out.'),
    parent: name
      .optional()
      .describe(
        'The head that must be 1 for this one to be: its logit is that of `P(this | parent)`, and its prediction is multiplied by that of the parent.',
      ),
    condition: z
      .enum(['product', 'masked'])
      .optional()
      .describe(
        'How a label with a parent learns: `product`, the default of `binary`: the cross-entropy of `P(parent) P(this | parent)` on all rows; `masked`, that of the others: its own loss on the rows whose parent is 1.',
      ),
    delta: positive.optional().describe('Of `huber` and `log-huber`: where the loss becomes linear; default 1.'),
    negatives: z
      .enum(['unwatched', 'every-row'])
      .optional()
      .describe(
        'Of `weighted-logistic`: which rows are a negative of weight 1, those of time 0 (default), or every row.',
      ),
    teacher: z
      .strictObject({
        column: name.describe('The column of the predictions of the teacher, probabilities.'),
        share: z.number().min(0).max(1).default(0.5).describe('Share `a` of the loss.'),
      })
      .optional()
      .describe(
        'Direct distillation of a `binary` label: `(1 - a) cross-entropy + a (sigmoid(z) - teacher)^2`; a row without the teacher has the first alone.',
      ),
    served: z
      .boolean()
      .optional()
      .describe('Whether the head is evaluated and answers; `false`: it is there for what it teaches the others.'),
  })
  .describe('A head: a label and how it is learned.');

/** A head as a configuration has it. */
export type LabelConfig = z.output<typeof labelSchema>;

const valueTerm = z
  .strictObject({
    label: name.describe('The head.'),
    weight: z.number().describe('`w`.'),
    of: z
      .enum(['identity', 'log', 'log1p', 'power'])
      .default('identity')
      .describe('`g`, of the prediction of the head.'),
    exponent: positive.optional().describe('Of `power`; default 1.'),
  })
  .describe('A term `w g(prediction)` of the value.');

export type ValueTerm = z.output<typeof valueTerm>;

/** `task` of a configuration: logits of rows against their labels. */
export const rankingConfigSchema = z
  .strictObject({
    kind: z.literal('ranking'),
    labels: z
      .array(z.union([name, labelSchema]))
      .min(1)
      .optional()
      .describe(
        'Columns of labels, or heads with settings of their own; default: the first in the role `labels`. The first of them is evaluated by the metrics without a suffix.',
      ),
    loss: loss
      .default('binary')
      .describe(
        '`binary`: labels are 0 or 1, cross-entropy of the sigmoid; `soft-binary`: the same of probabilities; `sigmoid-squared`: `(sigmoid(logit) - label)^2`. Numbers: `squared`: `(logit - label)^2`; `huber`; `log-mse` and `log-huber`, of `ln(1 + label)`; `weighted-logistic`, of times: the odds are the expected time. Order within `group`: `pairwise`, `listwise`.',
      ),
    lossWeights: z
      .array(z.number().min(0))
      .min(1)
      .optional()
      .describe('What the loss of each label is multiplied by, in their order; default 1.'),
    balance: z
      .enum(['fixed', 'uncertainty'])
      .default('fixed')
      .describe(
        '`uncertainty`: the loss of each label is `L / (2 sigma^2) + ln sigma` with a `sigma` that is learned and belongs to the checkpoint.',
      ),
    group: name
      .default('user')
      .describe(
        'Within what `pairwise` and `listwise` compare rows: `user`, `request`, or a column of the events, of ids or numbers, for example of sessions. Rows of one stay together in a step.',
      ),
    sessionWeights: z
      .strictObject({
        session: name
          .default('request')
          .describe('What a session is: `user`, `request`, or a column of the events, of ids or numbers.'),
        cap: z.number().min(1).default(10).describe('The largest weight.'),
      })
      .optional()
      .describe(
        'Weights of the training rows, `1 / P(a session reaches the place of the row)`, by which late places count as early ones. Not of `pairwise` and `listwise`.',
      ),
    value: z
      .array(valueTerm)
      .min(1)
      .optional()
      .describe('The value by which rows are ranked in the end: a sum of functions of the predictions of heads.'),
  })
  .describe('Logits of rows against their labels.');
export type RankingConfig = z.output<typeof rankingConfigSchema>;
