import { z } from 'zod';
import { count } from '../../config/fields.ts';

const weight = z.number().min(0).max(16).default(0);

/** `task.language` of a configuration: the model knows words of the items beside their codes. */
export const languageConfigSchema = z
  .strictObject({
    tasks: z
      .strictObject({
        retrieve: weight.describe('Weight of: the codes of a history, then those of each item that came next.'),
        masked: weight.describe('Weight of: a history with an item hidden wherever it stands, then its codes.'),
        preferred: weight.describe(
          'Weight of: a history up to some event and two items, then the codes of the one that came next.',
        ),
        toTitle: weight.describe('Weight of: the codes of an item, then the words of its title.'),
        fromTitle: weight.describe('Weight of: the words of a title, then the codes of its item.'),
        toAttributes: weight.describe('Weight of: the codes of an item, then the words of its categories and brand.'),
      })
      .refine((weights) => Object.values(weights).some((each) => each > 0), {
        message: 'expected a weight above 0 for one of the tasks, since nothing is learned otherwise',
      })
      .default({ retrieve: 1, masked: 1, preferred: 1, toTitle: 1, fromTitle: 1, toAttributes: 0 })
      .describe(
        'Examples of each task that a history is worth in a step, in the mean; a task that is not named has none. Default: one of each but `toAttributes`.',
      ),
    histories: z
      .union([z.literal('all'), count])
      .default('all')
      .describe('Users whose histories `retrieve` learns from, chosen by the seed; the other tasks learn from all.'),
    minCount: count.default(3).describe('Words of fewer items are all written as one symbol.'),
    maxWords: z
      .int()
      .min(1)
      .max(64)
      .default(16)
      .describe('Words that are read of a title, or of the attributes, its first.'),
  })
  .describe(
    'Words of the items beside their codes, and tasks over both, each with a template; absent: codes alone, which only retrieve.',
  );

export type LanguageConfig = z.output<typeof languageConfigSchema>;
