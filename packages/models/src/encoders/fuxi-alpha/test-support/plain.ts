import {
  add,
  affine,
  dot,
  headOf,
  inOut,
  type PlainModel,
  type PlainTensor,
  placedItems,
  rootMeanSquareNorm,
  silu,
  sum,
} from '../../../test-support/plain-maths.ts';

export interface PlainFuxiConfig {
  readonly embeddingDim: number;
  readonly maxSequenceLength: number;
  readonly outputLength?: number;
  readonly numBlocks: number;
  readonly positionsFrom?: 'oldest' | 'newest';
  readonly inputScale?: 'sqrt-dim' | 'one';
  readonly numHeads: number;
  readonly dqk: number;
  readonly dv: number;
  readonly channels?: string;
  readonly numTimeBuckets?: number;
  readonly multistage?: boolean;
}

/**
 * FuXi-alpha: `U, V, Q, K = split(silu(RMS(X) W))`; per head `[P V, T V, silu(Q K^T) V / n]` over earlier tokens;
 * `Z = X + W_0 (U * RMS(O)) + b_0`, `Y = Z + W_2 (silu(W_1 N) * W_3 N)`, `N = RMS(Z)`.
 *
 * Source: Ye et al. 2025, equations 4 to 9; `modeling/sequential/fuxi.py` of the public code.
 */
export function plainFuxiAlpha(config: PlainFuxiConfig): PlainModel {
  const { numHeads: h, dqk, dv, channels = 'position-time-content', multistage = true } = config;
  const n = config.maxSequenceLength + (config.outputLength ?? 11);
  const own = channels.split('-');
  return {
    encode(w, { items, times, targetTimes }) {
      let x = placedItems(w, items, config);
      for (let i = 0; i < config.numBlocks; i++) {
        const of = (name: string): PlainTensor => w[`_fuxi._attention_layers.${i}.${name}`];
        const mixed = x.map((values) => inOut(rootMeanSquareNorm(values), of('_uvqk')).map(silu));
        const gate = own.length * h * dv;
        const v = mixed.map((values) => values.slice(gate, gate + h * dv));
        const [q, k] = [0, 1].map((part) => mixed.map((values) => values.slice(gate + h * dv + part * h * dqk)));
        const weight: Record<string, (t: number, s: number, head: number) => number> = {
          position: (t, s) => of('_rel_attn_bias._pos_w').data[s - t + n - 1],
          time: (t, s) => {
            const seconds = Math.max(Math.abs(targetTimes[t] - times[s]), 1);
            const bucket = Math.min(Math.trunc(Math.log(seconds) / 0.301), config.numTimeBuckets ?? 128);
            return of('_rel_attn_bias._ts_w').data[bucket];
          },
          content: (t, s, head) => silu(dot(headOf(q[t], head, dqk), headOf(k[s], head, dqk))) / n,
        };
        x = x.map((values, t) => {
          const attended = Array.from({ length: h }, (_, head) =>
            own.map((channel) =>
              Array.from({ length: dv }, (_value, c) =>
                sum(Array.from({ length: t + 1 }, (_key, s) => weight[channel](t, s, head) * v[s][head * dv + c])),
              ),
            ),
          ).flat(2);
          const read = rootMeanSquareNorm(attended).map((value, c) => value * mixed[t][c]);
          const z = add(values, affine(read, of('_mffn.lin0.weight'), of('_mffn.lin0.bias')));
          if (!multistage) return z;
          const normed = rootMeanSquareNorm(z);
          const value = affine(normed, of('_mffn.lin3.weight'));
          const hidden = affine(normed, of('_mffn.lin1.weight')).map((g, c) => silu(g) * value[c]);
          return add(z, affine(hidden, of('_mffn.lin2.weight')));
        });
      }
      return { rows: x };
    },
  };
}
