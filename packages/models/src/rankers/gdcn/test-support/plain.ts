import {
  affine,
  all,
  type PlainRows,
  plainHidden,
  plainVectors,
  range,
  times,
  type Vector,
  type Weights,
} from '../../../test-support/plain-rows.ts';

export function plainGatedCross(w: Weights, x0: Vector, layers: number): Vector {
  let x = x0;
  for (let i = 0; i < layers; i++) {
    const mapped = affine(w, `cross.${i}`, x);
    const gate = times(all(w, `cross.${i}.gate`), x).map((value) => 1 / (1 + Math.exp(-value)));
    x = x.map((value, d) => x0[d] * mapped[d] * gate[d] + value);
  }
  return x;
}

export function plainGdcn(
  w: Weights,
  rows: PlainRows,
  { structure, layers, hidden }: { structure: 'parallel' | 'stacked'; layers: number; hidden: number },
): number[][] {
  return range(rows.rows).map((b) => {
    const x0 = plainVectors(w, rows, b).flat();
    const crossed = plainGatedCross(w, x0, layers);
    const deep = plainHidden(w, 'deep', structure === 'stacked' ? crossed : x0, hidden);
    return affine(w, 'head', structure === 'stacked' ? deep : [...crossed, ...deep]);
  });
}
