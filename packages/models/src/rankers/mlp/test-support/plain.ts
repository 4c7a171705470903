import { type PlainRows, plainHidden, plainVectors, range, type Weights } from '../../../test-support/plain-rows.ts';

export function plainMlp(w: Weights, rows: PlainRows, hidden: number): number[][] {
  return range(rows.rows).map((b) => plainHidden(w, 'deep', plainVectors(w, rows, b).flat(), hidden));
}
