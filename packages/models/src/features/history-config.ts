import { historySources, sameTimeRules } from '@seqrec/data';
import { z } from 'zod';
import { featureSchema } from './config.ts';

/** What a model of rows reads of the user before the row. */
export const historySchema = z
  .strictObject({
    maxEvents: z
      .int()
      .min(1)
      .max(2 ** 14)
      .default(50)
      .describe('Newest events of the user before the row that are read.'),
    sameTime: z
      .enum(sameTimeRules)
      .default('hidden')
      .describe(
        '`hidden`: events strictly earlier than the row; `seen`: those before it in the order of the data, events of its time among them.',
      ),
    from: z
      .enum(historySources)
      .optional()
      .describe(
        'Events of which part of the split: `all`, or `training` alone. Default: `all` of rows-by-time, else `training`.',
      ),
    columns: z
      .array(featureSchema)
      .min(1)
      .optional()
      .describe(
        'Columns of the events of the history that are read beside the item; labels and what they are made from may be among them.',
      ),
    times: z
      .boolean()
      .default(true)
      .describe('Whether the time from each event to the row is read, as an id of its octave of seconds.'),
  })
  .describe('What is read of the user before the row.');

/** The section of a configuration that says how much history a model of rows reads. */
export type HistoryConfig = z.output<typeof historySchema>;
export type HistoryConfigInput = z.input<typeof historySchema>;
