import { affine, all, type Vector, type Weights } from '../../../test-support/plain-rows.ts';
import { type PlainPool, plainSoftmax, weighted } from '../../sequence/test-support/plain.ts';

type Activation = 'relu' | 'sigmoid' | 'prelu';

function activated(w: Weights, i: number, x: Vector, activation: Activation): Vector {
  if (activation === 'relu') return x.map((value) => Math.max(value, 0));
  if (activation === 'sigmoid') return x.map((value) => 1 / (1 + Math.exp(-value)));
  const slopes = all(w, `attention.${i}.slope`);
  return x.map((value, d) => (value > 0 ? value : slopes[d] * value));
}

/** The attention unit with its four parts side by side. */
export function plainDin(activation: Activation, softmax: boolean): PlainPool {
  return (w, { events, items, padding }, b) => {
    const item = items[b];
    const scores = events[b].map((event) => {
      const difference = item.map((value, d) => value - event[d]);
      const product = item.map((value, d) => value * event[d]);
      let x = [...item, ...event, ...difference, ...product];
      let i = 0;
      for (; w.has(`attention.${i + 1}.weight`); i++) x = activated(w, i, affine(w, `attention.${i}`, x), activation);
      return affine(w, `attention.${i}`, x)[0];
    });
    return weighted(events[b], softmax ? plainSoftmax(scores) : scores, padding.length);
  };
}
