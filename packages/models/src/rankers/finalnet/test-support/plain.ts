import {
  affine,
  all,
  type PlainRows,
  plainVectors,
  plus,
  range,
  times,
  type Vector,
  type Weights,
} from '../../../test-support/plain-rows.ts';
import type { FinalNetConfig } from '../config.ts';

/** Gates of all numbers, and the gated vectors after the vectors. */
function plainGating(w: Weights, vectors: readonly Vector[]): Vector {
  const gated = vectors.map((vector) => [...vector]);
  for (const k of vectors[0].keys()) {
    const gates = plus(
      times(
        all(w, 'gating.weight'),
        vectors.map((vector) => vector[k]),
      ),
      all(w, 'gating.bias'),
    );
    for (const [f, gate] of gates.entries()) gated[f][k] *= gate;
  }
  return [...vectors.flat(), ...gated.flat()];
}

function plainBlock(w: Weights, name: 'block1' | 'block2', x: Vector, config: FinalNetConfig): Vector {
  let rows = x;
  for (let i = 0; w.has(`${name}.${i}.weight`); i++) {
    const mapped = affine(w, `${name}.${i}`, rows);
    const [p, q] = [mapped.slice(0, mapped.length / 2), mapped.slice(mapped.length / 2)];
    const product = p.map((value, k) => value * q[k]);
    rows = config.residualType === 'sum' ? plus(p, product) : [...p, ...product];
    if (config[`${name}Activation`] === 'relu') rows = rows.map((value) => Math.max(0, value));
  }
  return rows;
}

export function plainFinalNet(w: Weights, rows: PlainRows, config: FinalNetConfig): number[][] {
  return range(rows.rows).map((b) => {
    const vectors = plainVectors(w, rows, b);
    const first = config.featureGating ? plainGating(w, vectors) : vectors.flat();
    const one = affine(w, 'block1-head', plainBlock(w, 'block1', first, config));
    if (config.blockType === '1B') return one;
    const other = affine(w, 'block2-head', plainBlock(w, 'block2', vectors.flat(), config));
    return one.map((logit, l) => (logit + other[l]) / 2);
  });
}
