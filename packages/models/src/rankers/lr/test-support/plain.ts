import { all, type PlainRows, plainField, plus, range, type Weights } from '../../../test-support/plain-rows.ts';

/** `b + sum_f w_f[v_f]`. */
export function plainLr(w: Weights, rows: PlainRows): number[][] {
  return range(rows.rows).map((b) =>
    rows.names.reduce(
      (sum, name, f) => plus(sum, plainField(w, `linear.${name}.weight`, rows.columns[f], b, 'sum')),
      all(w, 'linear.bias'),
    ),
  );
}
