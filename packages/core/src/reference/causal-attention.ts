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
}

export interface CausalAttentionOutput {
  readonly out: Float64Array;
  /** `[T, H]`. */
  readonly logSumExp: Float64Array;
}

/** `out = dropout(softmax_{j <= i}(scale q k^T)) v`. */
export function causalAttention(input: CausalAttentionInput): CausalAttentionOutput {
  const { q, v, heads: H, queryWidth: A, valueWidth: C } = input;
  const out = new Float64Array(v.length);
  const logSumExp = new Float64Array(q.length / A);
  forEachRow(input, (start, i, h) => {
    const { p, lse } = softmaxRow(input, start, i, h);
    logSumExp[i * H + h] = lse;
    for (let j = start; j <= i; j++) {
      const weight = p[j - start] * dropped(input, i, h, j - start);
      for (let c = 0; c < C; c++) out[(i * H + h) * C + c] += weight * v[(j * H + h) * C + c];
    }
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
  forEachRow(input, (start, i, h) => {
    const { p } = softmaxRow(input, start, i, h);
    const dP = new Float64Array(p.length);
    let mean = 0;
    for (let j = start; j <= i; j++) {
      const mask = dropped(input, i, h, j - start);
      for (let c = 0; c < C; c++) {
        const upstream = dy[(i * H + h) * C + c];
        dP[j - start] += upstream * v[(j * H + h) * C + c] * mask;
        dv[(j * H + h) * C + c] += p[j - start] * mask * upstream;
      }
      mean += p[j - start] * dP[j - start];
    }
    for (let j = start; j <= i; j++) {
      const dS = p[j - start] * (dP[j - start] - mean);
      for (let a = 0; a < A; a++) {
        dq[(i * H + h) * A + a] += scale * dS * k[(j * H + h) * A + a];
        dk[(j * H + h) * A + a] += scale * dS * q[(i * H + h) * A + a];
      }
    }
  });
  return { dq, dk, dv };
}

/** Every query row and head, with the first row of its sequence. */
function forEachRow(input: CausalAttentionInput, visit: (start: number, i: number, h: number) => void): void {
  for (let b = 0; b + 1 < input.offsets.length; b++) {
    for (let i = input.offsets[b]; i < input.offsets[b + 1]; i++) {
      for (let h = 0; h < input.heads; h++) visit(input.offsets[b], i, h);
    }
  }
}

function softmaxRow(input: CausalAttentionInput, start: number, i: number, h: number) {
  const { q, k, heads: H, queryWidth: A, scale } = input;
  const s: number[] = [];
  for (let j = start; j <= i; j++) {
    let product = 0;
    for (let a = 0; a < A; a++) product += q[(i * H + h) * A + a] * k[(j * H + h) * A + a];
    s.push(scale * product);
  }
  const top = Math.max(...s);
  const total = s.reduce((sum, x) => sum + Math.exp(x - top), 0);
  return { p: s.map((x) => Math.exp(x - top) / total), lse: top + Math.log(total) };
}

function dropped(input: CausalAttentionInput, t: number, h: number, j: number): number {
  if (input.rate === 0) return 1;
  return input.keep(t, h, j) ? 1 / (1 - input.rate) : 0;
}
