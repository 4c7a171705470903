import { EvaluationError } from '../errors.ts';

/**
 * @param op in the place of a name, in messages.
 * @throws EvaluationError when a history is empty, does not match its timestamps, or holds an id outside
 *   `1..numItems`.
 */
export function checkHistory(op: string, history: Int32Array, times: Float64Array, numItems: number): void {
  if (history.length === 0)
    throw new EvaluationError(
      `${op}: expected a history of at least one event; got none; use popularity for new users`,
    );
  if (times.length !== history.length)
    throw new EvaluationError(`${op}: expected ${history.length} timestamps, one per event; got ${times.length}`);
  const bad = history.find((item) => item < 1 || item > numItems);
  if (bad === undefined) return;
  throw new EvaluationError(
    `${op}: expected dense item ids in 1..${numItems}; got ${bad}; translate external ids with items.dense(id)`,
  );
}
