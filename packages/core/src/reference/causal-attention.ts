import { type AttentionMask, sees } from './attention-mask.ts';

/**
 * Float64 reference of causal softmax attention, written like the paper.
 *
 * Source: Vaswani et al. 2017, eq. 1 (arXiv:1706.03762); dropout on the weights as in section 5.4.
 */
export interface CausalAttentionInput {
  /** `[T, H, A]`. */
  readonly q: ArrayLike<number>;
  readonly k: ArrayLike<number>;
  /** `[T, H, C]`. */
  readonly v: ArrayLike<number>;
  readonly offsets: ArrayLike<number>;
  readonly heads: number;
  readonly queryWidth: number;
  readonly valueWidth: number;
  readonly scale: number;
  readonly rate: number;
  /** Whether dropout keeps the weight of packed query row `t`, head `h`, key position `j` inside the sequence. */
  readonly keep: (t: number, h: number, j: number) => boolean;
  /** Causal alone without it. */
  readonly mask?: AttentionMask;
  /** This packed row of queries alone: the others count as absent. */
  readonly only?: number;
}

export interface CausalAttentionOutput {
  readonly out: Float64Array;
  /** `[T, H]`. */
  readonly logSumExp: Float64Array;
}

/** `out = dropout(softmax_j(scale q k^T)) v` over the visible keys. */
export function causalAttention(input: CausalAttentionInput): CausalAttentionOutput {
  const { q, v, heads: H, queryWidth: A, valueWidth: C } = input;
  const out = new Float64Array(v.length);
  const logSumExp = new Float64Array(q.length / A);
  forEachRow(input, (start, keys, i, h) => {
    const { p, lse } = softmaxRow(input, keys, i, h);
    logSumExp[i * H + h] = lse;
    keys.forEach((j, at) => {
      const weight = p[at] * dropped(input, i, h, j - start);
      for (let c = 0; c < C; c++) out[(i * H + h) * C + c] += weight * v[(j * H + h) * C + c];
    });
  });
  return { out, logSumExp };
}

/** `dS_ij = P_ij (dP_ij - sum_j P_ij dP_ij)`, `dP_ij = (dOut_i . v_j) mask / (1 - rate)`. */
export function causalAttentionGrad(
  input: CausalAttentionInput,
  dy: ArrayLike<number>,
): { dq: Float64Array; dk: Float64Array; dv: Float64Array } {
  const { q, k, v, heads: H, queryWidth: A, valueWidth: C, scale } = input;
  const dq = new Float64Array(q.length);
  const dk = new Float64Array(k.length);
  const dv = new Float64Array(v.length);
  forEachRow(input, (start, keys, i, h) => {
    const { p } = softmaxRow(input, keys, i, h);
    const dP = new Float64Array(p.length);
    let mean = 0;
    keys.forEach((j, at) => {
      const mask = dropped(input, i, h, j - start);
      for (let c = 0; c < C; c++) {
        const upstream = dy[(i * H + h) * C + c];
        dP[at] += upstream * v[(j * H + h) * C + c] * mask;
        dv[(j * H + h) * C + c] += p[at] * mask * upstream;
      }
      mean += p[at] * dP[at];
    });
    keys.forEach((j, at) => {
      const dS = p[at] * (dP[at] - mean);
      for (let a = 0; a < A; a++) {
        dq[(i * H + h) * A + a] += scale * dS * k[(j * H + h) * A + a];
        dk[(j * H + h) * A + a] += scale * dS * q[(i * H + h) * A + a];
      }
    });
  });
  return { dq, dk, dv };
}

/** Every query row and head, with the first row of its sequence and the rows of the keys that it sees. */
function forEachRow(
  { offsets, heads, mask, only }: CausalAttentionInput,
  visit: (start: number, keys: number[], i: number, h: number) => void,
): void {
  for (let b = 0; b + 1 < offsets.length; b++) {
    const [start, end] = [offsets[b], offsets[b + 1]];
    for (let i = start; i < end; i++) {
      if (only !== undefined && i !== only) continue;
      const keys: number[] = [];
      for (let j = start; j < end; j++) {
        if (mask ? sees(mask, end - start, mask.numTargets[b], i - start, j - start) : j <= i) keys.push(j);
      }
      for (let h = 0; h < heads; h++) visit(start, keys, i, h);
    }
  }
}

function softmaxRow(input: CausalAttentionInput, keys: readonly number[], i: number, h: number) {
  const { q, k, heads: H, queryWidth: A, scale } = input;
  const s = keys.map((j) => {
    let product = 0;
    for (let a = 0; a < A; a++) product += q[(i * H + h) * A + a] * k[(j * H + h) * A + a];
    return scale * product;
  });
  const top = Math.max(...s);
  const total = s.reduce((sum, x) => sum + Math.exp(x - top), 0);
  return { p: s.map((x) => Math.exp(x - top) / total), lse: top + Math.log(total) };
}

function dropped(input: CausalAttentionInput, t: number, h: number, j: number): number {
  if (input.rate === 0) return 1;
  return input.keep(t, h, j) ? 1 / (1 - input.rate) : 0;
}
