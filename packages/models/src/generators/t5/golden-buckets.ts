import { z } from 'zod';
import { size } from '../../config/fields.ts';
import { checkedFields, type GoldenFile, goldenTensor } from '../../golden/file.ts';
import type { GoldenReport } from '../../golden/report.ts';
import { type Compared, reportOfValues } from '../../golden/values.ts';
import { relativeBucket } from './relative-buckets.ts';

const rule = z.object({
  bidirectional: z.boolean(),
  buckets: size,
  maxDistance: size,
  from: z.int(),
  to: z.int(),
});
const fileSchema = z.object({
  name: z.string(),
  config: z.object({ cases: z.array(rule) }),
  outputs: z.object({ buckets: z.array(goldenTensor) }),
});

/** Buckets of distances, of the library and ours: they are equal or not. */
export async function checkT5Buckets(json: GoldenFile): Promise<GoldenReport> {
  const { name, config, outputs } = checkedFields(fileSchema, json);
  const compared = config.cases.map(({ bidirectional: bothWays, buckets, maxDistance, from, to }, i): Compared => {
    const of = { bothWays, buckets, maxDistance };
    const got = Array.from({ length: to - from + 1 }, (_, d) => relativeBucket(from + d, of));
    return [got, outputs.buckets[i].data];
  });
  return reportOfValues(name, compared, 1e-9);
}
