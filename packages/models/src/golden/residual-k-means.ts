import { z } from 'zod';
import { kMeans } from '../semantic-ids/tokenizers/k-means.ts';
import { fitResidualKMeans } from '../semantic-ids/tokenizers/residual-k-means.ts';
import type { Rows } from '../semantic-ids/vectors/rows.ts';
import { unitRows } from '../semantic-ids/vectors/rows.ts';
import { type GoldenTensor, goldenTensor } from './file.ts';
import type { GoldenReport } from './report.ts';
import { type Compared, parseValues, reportOfValues } from './values.ts';

const lloyd = z.object({ centroids: goldenTensor, labels: goldenTensor, inertia: z.number() });
const schema = z.object({
  name: z.string(),
  config: z.object({ codes: z.int(), levels: z.int(), normaliseResidual: z.boolean() }),
  inputs: z.object({ x: goldenTensor, starts: z.array(z.array(z.int())) }),
  outputs: z.object({
    levels: z.array(z.object({ after1: lloyd, after2: lloyd, converged: lloyd, residual: goldenTensor })),
    codes: goldenTensor,
  }),
});

/** More than any of them needs. */
const UNTIL_CONVERGED = 300;

const rowsOf = ({ shape: [count, width], data }: GoldenTensor): Rows => ({
  ...{ count, width },
  values: Float64Array.from(data),
});

/** Lloyd steps of every level beside scikit-learn, and the codes of all levels together. */
export async function checkResidualKMeans(json: unknown): Promise<GoldenReport> {
  const { name, config, inputs, outputs } = parseValues(schema, json);
  const { codes, levels, normaliseResidual: normalize } = config;
  const compared: Compared[] = [];
  let residual = inputs.x;
  for (const [level, expected] of outputs.levels.entries()) {
    const rows = normalize ? unitRows(rowsOf(residual)) : rowsOf(residual);
    const shared = { codes, seed: 0, stream: '', starts: inputs.starts[level] };
    for (const [of, steps] of [
      ['after1', 1],
      ['after2', 2],
      ['converged', UNTIL_CONVERGED],
    ] as const) {
      const { centroids, codes: labels, inertia } = await kMeans(rows, { ...shared, steps });
      const { centroids: books, labels: own, inertia: sum } = expected[of];
      compared.push([centroids.values, books.data], [labels, own.data], [[inertia], [sum]]);
    }
    residual = expected.residual;
  }
  const { codes: all } = await fitResidualKMeans(
    rowsOf(inputs.x),
    { levels, codes, steps: UNTIL_CONVERGED, normalize, balanced: false, starts: inputs.starts },
    { seed: 0 },
  );
  compared.push([all.values, outputs.codes.data]);
  return reportOfValues(name, compared, 1e-9);
}
