import {
  affine,
  all,
  type PlainRows,
  plainHidden,
  plainVectors,
  plus,
  range,
  row,
  times,
  transposedTimes,
  type Vector,
  type Weights,
} from '../../../test-support/plain-rows.ts';

/** The cross network as the paper writes it: every expert by itself, its bias inside the mixture. */
export function plainCross(w: Weights, x0: Vector, layers: number): Vector {
  let x = x0;
  for (let i = 0; i < layers; i++) {
    const bias = all(w, `cross.${i}.bias`);
    let crossed: Vector;
    if (w.has(`cross.${i}.weight`)) crossed = plus(times(all(w, `cross.${i}.weight`), x), bias);
    else if (!w.has('cross.gates')) {
      crossed = plus(times(all(w, `cross.${i}.u`), times(all(w, `cross.${i}.v`), x)), bias);
    } else {
      const scores = times(all(w, 'cross.gates'), x).map(Math.exp);
      const total = scores.reduce((s, e) => s + e, 0);
      crossed = x0.map(() => 0);
      for (const [k, score] of scores.entries()) {
        const narrow = transposedTimes(row(w, `cross.${i}.v`, k), x).map(Math.tanh);
        const inner = times(row(w, `cross.${i}.c`, k), narrow).map(Math.tanh);
        const expert = plus(times(row(w, `cross.${i}.u`, k), inner), bias);
        crossed = plus(
          crossed,
          expert.map((value) => (score / total) * value),
        );
      }
    }
    x = x.map((value, d) => x0[d] * crossed[d] + value);
  }
  return x;
}

export function plainDcn(
  w: Weights,
  rows: PlainRows,
  { structure, layers, hidden }: { structure: 'parallel' | 'stacked' | 'cross'; layers: number; hidden: number },
): number[][] {
  return range(rows.rows).map((b) => {
    const x0 = plainVectors(w, rows, b).flat();
    const crossed = plainCross(w, x0, layers);
    const last = {
      cross: () => crossed,
      stacked: () => plainHidden(w, 'deep', crossed, hidden),
      parallel: () => [...crossed, ...plainHidden(w, 'deep', x0, hidden)],
    }[structure]();
    return affine(w, 'head', last);
  });
}
