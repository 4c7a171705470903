import { plainNorm } from '../../../test-support/plain-norm.ts';
import {
  affine,
  all,
  type PlainRows,
  plainVectors,
  range,
  times,
  type Vector,
  type Weights,
} from '../../../test-support/plain-rows.ts';

interface PlainFcn {
  readonly exponential: number;
  readonly linear: number;
  readonly heads: number;
  readonly layerNorm: boolean;
}

/** Logits of both branches, `[B, 2, L]`. */
export function plainBranches(w: Weights, rows: PlainRows, config: PlainFcn): number[][][] {
  const { heads } = config;
  return range(rows.rows).map((b) => {
    const vectors = plainVectors(w, rows, b);
    const half = vectors[0].length / (2 * heads);
    const ofHead = range(heads).map((h) => [
      ...vectors.flatMap((vector) => vector.slice(2 * h * half, (2 * h + 1) * half)),
      ...vectors.flatMap((vector) => vector.slice((2 * h + 1) * half, (2 * h + 2) * half)),
    ]);
    return (['exponential', 'linear'] as const).map((form) => {
      const logits = ofHead.map((x) => affine(w, `${form}-head`, plainCross(w, x, form, config)));
      return logits[0].map((_, l) => logits.reduce((sum, own) => sum + own[l], 0) / heads);
    });
  });
}

function plainCross(w: Weights, x0: Vector, form: 'exponential' | 'linear', config: PlainFcn): Vector {
  let x = x0;
  for (let i = 0; i < config[form]; i++) {
    const h = times(all(w, `${form}-cross.${i}.weight`), x);
    const mask = (config.layerNorm ? plainNorm(w, `${form}-cross.${i}.norm`, h) : h).map((value) => Math.max(0, value));
    const c = [...h, ...h.map((value, k) => value * mask[k])];
    const bias = all(w, `${form}-cross.${i}.bias`);
    const multiplied = form === 'linear' ? x0 : x;
    x = x.map((value, d) => multiplied[d] * (c[d] + bias[d]) + value);
  }
  return x;
}

export function plainFcn(w: Weights, rows: PlainRows, config: PlainFcn): number[][] {
  return plainBranches(w, rows, config).map(([one, other]) => one.map((logit, l) => (logit + other[l]) / 2));
}
