import {
  affine,
  all,
  type PlainRows,
  plainHidden,
  plainVectors,
  plus,
  range,
  type Vector,
  type Weights,
} from '../../../test-support/plain-rows.ts';
import type { FinalMlpConfig } from '../config.ts';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const activations = { relu: (x: number) => Math.max(x, 0), sigmoid, linear: (x: number) => x };

function plainGated(
  w: Weights,
  rows: PlainRows,
  b: number,
  x0: Vector,
  config: FinalMlpConfig,
  key: 'context1' | 'context2',
) {
  if (!config.featureSelection) return x0;
  const names = config[key] ?? [];
  const own = rows.names.flatMap((name, f) => (names.includes(name) ? [f] : []));
  const chosen = { ...rows, names: own.map((f) => rows.names[f]), columns: own.map((f) => rows.columns[f]) };
  const context = names.length === 0 ? all(w, `${key}.context`) : plainVectors(w, chosen, b, `${key}.fields`).flat();
  const gates = plainHidden(w, `${key}.gate`, context, (config.gateHiddenSizes ?? [64]).length);
  return x0.map((value, d) => value * 2 * sigmoid(gates[d]));
}

export function plainFinalMlp(w: Weights, rows: PlainRows, config: FinalMlpConfig): number[][] {
  const { heads } = config;
  return range(rows.rows).map((b) => {
    const x0 = plainVectors(w, rows, b).flat();
    const [x, y] = (['mlp1', 'mlp2'] as const).map((mlp, s) => {
      const gated = plainGated(w, rows, b, x0, config, s === 0 ? 'context1' : 'context2');
      const hidden = config[`${mlp}HiddenSizes`].length;
      return plainHidden(w, mlp, gated, hidden, activations[config[`${mlp}Activation`]]);
    });
    const [ofX, ofY] = [x.length / heads, y.length / heads];
    const xy = w.get('fusion.xy')!;
    const linear = plus(affine(w, 'fusion.x', x), affine(w, 'fusion.y', y));
    return linear.map((logit, l) =>
      x.reduce((sum, value, i) => {
        const h = Math.floor(i / ofX);
        return range(ofY).reduce(
          (inner, j) => inner + value * xy.data[i * xy.shape[1] + l * ofY + j] * y[h * ofY + j],
          sum,
        );
      }, logit),
    );
  });
}
