import type { Column } from '../table/column.ts';
import { dimensions } from './numbers.ts';

/**
 * The step `k` of the number of a row, `k width <= x < (k + 1) width`; NaN where there is none.
 *
 * Where steps begin is rounded as the column is: the float of 0.7 is in the step from 0.7, though it is less.
 */
export function stepOf(column: Column, width: number): (row: number) => number {
  const { at } = dimensions(column);
  const start = column.kind === 'time' ? (step: number) => step * width : (step: number) => Math.fround(step * width);
  return (row) => {
    const value = at(row, 0);
    const step = Math.floor(value / width);
    if (start(step + 1) <= value) return step + 1;
    return start(step) > value ? step - 1 : step;
  };
}
