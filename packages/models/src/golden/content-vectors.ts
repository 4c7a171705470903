import { countTerms, ngramsOf, wordsOf } from '@seqrec/data';
import { z } from 'zod';
import { GoldenError } from '../errors.ts';
import { unitRows } from '../semantic-ids/vectors/rows.ts';
import type { Sparse } from '../semantic-ids/vectors/sparse.ts';
import { pairCounts, sppmi } from '../semantic-ids/vectors/sppmi.ts';
import { tfIdf } from '../semantic-ids/vectors/tf-idf.ts';
import { truncatedSvd } from '../semantic-ids/vectors/truncated-svd.ts';
import { goldenTensor } from './file.ts';
import type { GoldenReport } from './report.ts';
import { type Compared, parseValues, reportOfValues } from './values.ts';

const lsa = z.object({
  name: z.string(),
  config: z.object({ minDocuments: z.int(), maxNgram: z.int(), columns: z.int() }),
  inputs: z.object({ texts: z.array(z.string()) }),
  outputs: z.object({
    terms: z.array(z.string()),
    tfidf: goldenTensor,
    singularValues: goldenTensor,
    us: goldenTensor,
    rows: goldenTensor,
    cosine: goldenTensor,
  }),
});

/** Terms, tf-idf and the truncated SVD beside scikit-learn and numpy. */
export async function checkLsa(json: unknown): Promise<GoldenReport> {
  const { name, config, inputs, outputs } = parseValues(lsa, json);
  const documents = inputs.texts.map((text) => ngramsOf(wordsOf(text), config.maxNgram));
  const counts = countTerms(documents, config.minDocuments);
  if (counts.terms.join('\n') !== outputs.terms.join('\n'))
    throw new GoldenError(`golden: terms: expected ${outputs.terms.join(', ')}; got ${counts.terms.join(', ')}`);
  const weights = tfIdf(counts);
  const { singularValues, us } = truncatedSvd(weights, { columns: config.columns, seed: 1 });
  const all = truncatedSvd(weights, { columns: outputs.singularValues.data.length, seed: 1 });
  const rows = unitRows(us);
  const cosine = Array.from({ length: rows.count ** 2 }, (_, e) => {
    const [a, b] = [Math.floor(e / rows.count), e % rows.count];
    let dot = 0;
    for (let j = 0; j < rows.width; j++) dot += rows.values[a * rows.width + j] * rows.values[b * rows.width + j];
    return dot;
  });
  const compared: Compared[] = [
    [dense(weights), outputs.tfidf.data],
    [all.singularValues, outputs.singularValues.data],
    [singularValues, outputs.singularValues.data.slice(0, config.columns)],
    [us.values, outputs.us.data],
    [rows.values, outputs.rows.data],
    [cosine, outputs.cosine.data],
  ];
  return reportOfValues(name, compared, 1e-7);
}

const behaviour = z.object({
  name: z.string(),
  config: z.object({
    items: z.int(),
    window: z.int(),
    k: z.number(),
    symmetric: z.boolean(),
  }),
  inputs: z.object({ sequences: z.array(z.array(z.int())) }),
  outputs: z.object({ counts: goldenTensor, sppmi: goldenTensor, singularValues: goldenTensor }),
});

/** Counts of pairs, SPPMI and its singular values beside numpy; EASE of the same file has tests of its own. */
export async function checkBehaviour(json: unknown): Promise<GoldenReport> {
  const { name, config, inputs, outputs } = parseValues(behaviour, json);
  const counts = pairCounts(inputs.sequences, config.items, config);
  const information = sppmi(counts, config.k);
  const { singularValues } = truncatedSvd(information, { columns: config.items });
  const compared: Compared[] = [
    [dense(counts), outputs.counts.data],
    [dense(information), outputs.sppmi.data],
    [singularValues, outputs.singularValues.data],
  ];
  return reportOfValues(name, compared, 1e-7);
}

function dense({ rows, columns, offsets, indices, values }: Sparse): Float64Array {
  const all = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++)
    for (let e = offsets[r]; e < offsets[r + 1]; e++) all[r * columns + indices[e]] = values[e];
  return all;
}
