import { byRequest, type ExampleSet, hasRows } from '@seqrec/data';
import { isRanker, type Model } from '../model.ts';

/** The examples as a model reads them: rows by their requests where it judges several at once; else as they are. */
export function examplesFor(model: Model, examples: ExampleSet): ExampleSet {
  if (!isRanker(model) || model.requests === undefined || hasRows(examples)) return examples;
  const { sameTime, maxHistory } = model.requests;
  return byRequest(examples, { sameTime, maxHistory });
}

/** Neighbouring examples of about so many rows, at least one of them. */
export interface RowsBatch {
  readonly indices: Int32Array;
  /** Rows of the set before the first of the batch. */
  readonly firstRow: number;
}

/** A set in batches of at most `batchSize` rows; an example of more rows is a batch of its own. */
export function* batchesOfRows(examples: ExampleSet, batchSize: number): Generator<RowsBatch> {
  const total = examples.targets.length;
  const end = (e: number): number => (hasRows(examples) ? examples.rows.offsets[e + 1] : e + 1);
  let first = 0;
  let firstRow = 0;
  while (first < total) {
    let next = first + 1;
    while (next < total && end(next) - firstRow <= batchSize) next++;
    yield { indices: Int32Array.from({ length: next - first }, (_, i) => first + i), firstRow };
    firstRow = end(next - 1);
    first = next;
  }
}
