import { type PlainRows, plainVectors, type Weights } from '../../../test-support/plain-rows.ts';
import { plainLr } from '../../lr/test-support/plain.ts';

/** The products of every two vectors, one by one. */
export function plainFm(w: Weights, rows: PlainRows): number[][] {
  return plainLr(w, rows).map((linear, b) => {
    const vectors = plainVectors(w, rows, b);
    const d = vectors[0].length / linear.length;
    return linear.map((logit, label) => {
      let sum = logit;
      for (let f = 0; f < vectors.length; f++) {
        for (let g = f + 1; g < vectors.length; g++) {
          for (let i = label * d; i < (label + 1) * d; i++) sum += vectors[f][i] * vectors[g][i];
        }
      }
      return sum;
    });
  });
}
