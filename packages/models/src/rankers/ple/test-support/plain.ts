import { type PlainRows, plainHidden, plainVectors, range, type Weights } from '../../../test-support/plain-rows.ts';
import { plainMixture } from '../../mmoe/test-support/plain.ts';

export interface PlainPle {
  readonly layers: number;
  readonly shared: number;
  readonly own: number;
  readonly labels: number;
  readonly expertLayers: number;
  readonly gateHidden: number;
  readonly towerHidden: number;
  readonly sharedGate: 'all-experts' | 'shared-experts';
}

export function plainPle(w: Weights, rows: PlainRows, sizes: PlainPle): number[][] {
  return range(rows.rows).map((b) => {
    const x0 = plainVectors(w, rows, b).flat();
    let ofLabels = range(sizes.labels).map(() => x0);
    let shared = x0;
    for (const i of range(sizes.layers)) {
      const at = `layers.${i}`;
      const ofAll = range(sizes.shared).map((e) => plainHidden(w, `${at}.shared.${e}`, shared, sizes.expertLayers));
      const own = ofLabels.map((x, l) =>
        range(sizes.own).map((e) => plainHidden(w, `${at}.own.${l}.${e}`, x, sizes.expertLayers)),
      );
      const mixed = ofLabels.map((x, l) =>
        plainMixture(plainHidden(w, `${at}.gates.${l}`, x, sizes.gateHidden), [...own[l], ...ofAll]),
      );
      if (i < sizes.layers - 1) {
        const read = sizes.sharedGate === 'all-experts' ? [...own.flat(), ...ofAll] : ofAll;
        shared = plainMixture(plainHidden(w, `${at}.gates.shared`, shared, sizes.gateHidden), read);
      }
      ofLabels = mixed;
    }
    return ofLabels.map((x, l) => plainHidden(w, `towers.${l}`, x, sizes.towerHidden)[0]);
  });
}
