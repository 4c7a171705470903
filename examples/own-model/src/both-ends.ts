import { latestWindow, type WindowsDefinition } from '@seqrec/data';
import { z } from 'zod';

const schema = z.strictObject({
  policy: z.literal('own/both-ends'),
  every: z.int().min(1).default(2).describe('Every so many epochs take the oldest window of each history.'),
});

/** The newest window of every history; in some epochs the oldest one, so that early events are trained on too. */
export const bothEnds: WindowsDefinition<z.output<typeof schema>> = {
  policy: 'own/both-ends',
  schema,
  create: ({ every }, { maxLength }) => ({
    name: 'own/both-ends',
    maxLength,
    reach: Number.POSITIVE_INFINITY,
    settings: { every, maxLength },
    // As many examples and tokens as with the newest windows.
    equalBudget: true,
    examples(set, epoch) {
      if (epoch % every !== every - 1) return latestWindow(set, { maxLength });
      const targets = set.starts.map((start, e) => Math.min(start + maxLength, set.targets[e]));
      return { ...set, targets };
    },
  }),
};
