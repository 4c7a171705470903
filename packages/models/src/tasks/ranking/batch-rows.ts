import type { Column, SequenceBatch } from '@seqrec/data';
import { EvaluationError } from '../../errors.ts';
import { type Head, parentsOf } from './heads.ts';
import { impliedLabels } from './implied-labels.ts';

/** A label of the rows of a batch. */
export function labelIn(batch: SequenceBatch, name: string): Float32Array {
  const column: Column | undefined = batch.columns?.targets?.get(name);
  if (column?.kind === 'number') return column.values;
  throw new EvaluationError(`ranking: expected a batch with the label ${name} of its target events; got one without`);
}

/** The labels of each head, of the rows of a batch. */
export function headLabelsIn(batch: SequenceBatch, heads: readonly Head[]): Float32Array[] {
  return heads.map((head) =>
    impliedLabels(
      labelIn(batch, head.column),
      parentsOf(heads, head).map(({ column }) => labelIn(batch, column)),
    ),
  );
}

/** What is known of events, of those of a batch. */
export function ofEvents<A extends Float32Array | Int32Array>(values: A, { exampleEvents }: SequenceBatch): A {
  if (exampleEvents === undefined)
    throw new EvaluationError('ranking: expected a batch with the events of its examples; got one without');
  const own = new (values.constructor as new (size: number) => A)(exampleEvents.length);
  for (const [row, event] of exampleEvents.entries()) own[row] = values[event];
  return own;
}
