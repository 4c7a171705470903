import {
  type PlainRows,
  plainHidden,
  plainVectors,
  range,
  type Vector,
  type Weights,
} from '../../../test-support/plain-rows.ts';

/** `sum_e softmax(gate)_e v_e`. */
export function plainMixture(gate: Vector, experts: readonly Vector[]): Vector {
  const scores = gate.map(Math.exp);
  const total = scores.reduce((sum, each) => sum + each, 0);
  return experts[0].map((_, h) => experts.reduce((sum, expert, e) => sum + (scores[e] / total) * expert[h], 0));
}

/** How many layers there are, of which the last of experts is hidden too. */
export interface PlainMmoe {
  readonly experts: number;
  readonly labels: number;
  readonly expertLayers: number;
  readonly gateHidden: number;
  readonly towerHidden: number;
}

export function plainMmoe(w: Weights, rows: PlainRows, sizes: PlainMmoe): number[][] {
  return range(rows.rows).map((b) => {
    const x0 = plainVectors(w, rows, b).flat();
    const experts = range(sizes.experts).map((e) => plainHidden(w, `experts.${e}`, x0, sizes.expertLayers));
    return range(sizes.labels).map((l) => {
      const mixture = plainMixture(plainHidden(w, `gates.${l}`, x0, sizes.gateHidden), experts);
      return plainHidden(w, `towers.${l}`, mixture, sizes.towerHidden)[0];
    });
  });
}
