import { knownBaselines, knownGain, metricsInWords } from '@seqrec/models';
import { z } from 'zod';
import { baselineSections, defaultBaselines } from './baseline-names.ts';
import { batch, count, flag } from './fields.ts';
import { segmentsSchema } from './segment-schema.ts';

/** `evaluation` of a configuration of retrieval or generation, with what is known of baselines by now. */
export function evaluationSchema() {
  const own = {
    ks: z
      .array(count)
      .min(1)
      .refine((ks) => new Set(ks).size === ks.length, 'expected cut-offs that differ')
      .describe('Cut-offs k of HR@k and NDCG@k.'),
    batchSize: batch.describe('Examples that are ranked at once.'),
    excludeSeen: z
      .union([flag, z.literal('all')])
      .describe(
        'Items that are left out of the ranking: those of the history that the model reads, at most maxSequenceLength events (`true`, as the code of Zhai et al.), those of all events of the user before the target (`all`, as RecTools and "Time to Split"), or none (`false`). The target never is.',
      ),
    positions: z
      .enum(['last', 'all'])
      .default('last')
      .describe(
        "`last`: each example's target. `all`: every event of an example that has one before it, but those that training or the choice of a checkpoint has read, or that lie before the cut of a split by time; each as if nothing came after it, which takes a pass of its own in models that count places or ages from the newest event. Refused with `target` `successive` of a split by time, which makes an example of each event after the cut already.",
      ),
    ties: z
      .enum(['expected', 'optimistic', 'pessimistic'])
      .default('expected')
      .describe(
        "Candidates with exactly the target's score. `expected`: each metric is its mean over all their orders. `optimistic`, the rule of the public reference: the target counts as first; `pessimistic`: as last.",
      ),
    queryTime: z
      .enum(['target', 'last'])
      .default('target')
      .describe(
        'What models that read the time of a query are given: that of the event to predict, or of the last event before it.',
      ),
    selectBy: z
      .string()
      .refine((name) => knownGain(name) !== undefined, {
        error: () => `expected ${metricsInWords()}`,
      })
      .describe('The metric that chooses `best.safetensors`, on the validation set; larger is better.'),
    checkpoint: z
      .enum(['best', 'last'])
      .optional()
      .describe('Which checkpoint the test sets see. Default: the best on the validation set; without one, the last.'),
    segments: segmentsSchema
      .optional()
      .describe(
        'By what the metrics of the test set are given in parts as well, the baselines beside: columns, training events, days.',
      ),
    lists: count
      .optional()
      .describe(
        'Length k of the lists that coverage@k, P90Coverage@k, Gini@k and popularity@k of the test set are of; default: none.',
      ),
    baselines: z
      .array(z.enum(knownBaselines()))
      .refine((names) => new Set(names).size === names.length, 'expected each baseline once')
      .default([...defaultBaselines])
      .describe('What is evaluated beside the model.'),
    baselineHistory: z
      .enum(['window', 'all'])
      .default('window')
      .describe(
        'What baselines read: the events that the model reads, at most maxSequenceLength, or all of the user before the target.',
      ),
    tuneBaselines: flag
      .default(false)
      .describe(
        'Whether the settings of baselines are chosen on the validation set, by `selectBy`, among a few that each brings; those that are given are tried too.',
      ),
  };
  return z.strictObject({ ...own, ...baselineSections(Object.keys(own)) });
}
