import { targetRules } from '@seqrec/data';
import { z } from 'zod';
import type { WrittenSpace } from '../../config/search-space.ts';
import type { Benchmark } from './benchmark.ts';

const changes = z.record(z.string(), z.string());
const names = z.array(z.string());
const figures = z.record(z.string(), z.number());

/** What the export of a file of one's own has to be, which nothing has checked the types of. */
export const benchmarkShape: z.ZodType<Benchmark> = z.strictObject({
  title: z.string(),
  source: z.string(),
  notes: names,
  plugins: names.optional(),
  data: z.record(z.string(), changes),
  protocols: z.record(
    z.string(),
    z.strictObject({ changes, tests: z.record(z.string(), z.enum(targetRules)).optional() }),
  ),
  training: changes.optional(),
  models: z.record(
    z.string(),
    z.strictObject({
      recipe: z.string(),
      changes: changes.optional(),
      on: z.record(z.string(), changes).optional(),
      // Read with its own errors where it is used.
      space: z.custom<WrittenSpace>((value) => typeof value === 'object' && value !== null).optional(),
      losses: names.optional(),
    }),
  ),
  losses: z.record(z.string(), changes).optional(),
  metrics: names.min(1),
  baselines: names,
  published: z
    .array(
      z.strictObject({
        data: z.string(),
        protocol: z.string(),
        test: z.string().optional(),
        model: z.string(),
        loss: z.string().optional(),
        retrained: z.boolean().optional(),
        figures,
      }),
    )
    .optional(),
  tolerance: z.number().positive().optional(),
  quick: changes,
  quickData: names.optional(),
});
