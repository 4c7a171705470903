import { type AttentionMask, sees } from './attention-mask.ts';

/**
 * Float64 reference of pointwise-SiLU attention with relative attention bias, written like the paper.
 *
 * Source: Zhai et al. 2024, eq. 2 (arXiv:2402.17152); the backward pass is derived by hand.
 */
export interface HstuAttentionInput {
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
  readonly normalizer: number;
  /** `[2n - 1]`, or empty. */
  readonly positionWeights: ArrayLike<number>;
  /** `[K + 1]`, or empty. */
  readonly timeWeights: ArrayLike<number>;
  readonly queryTimes: ArrayLike<number>;
  readonly keyTimes: ArrayLike<number>;
  readonly bucketDivisor: number;
  /** Causal alone without it. */
  readonly mask?: AttentionMask;
  /** This packed row of queries alone: the others count as absent. */
  readonly only?: number;
}

export interface HstuAttentionGradients {
  readonly dq: Float64Array;
  readonly dk: Float64Array;
  readonly dv: Float64Array;
  readonly dPositionWeights: Float64Array;
  readonly dTimeWeights: Float64Array;
}

/** `out_i = sum_{j <= i} silu(S_ij) / normalizer * v_j`, `[T, H, C]`. */
export function hstuAttention(input: HstuAttentionInput): Float64Array {
  const { v, heads: H, valueWidth: C, normalizer } = input;
  const out = new Float64Array(v.length);
  forEachPair(input, (i, j, h) => {
    const s = score(input, i, j, h);
    const weight = (s * sigmoid(s)) / normalizer;
    for (let c = 0; c < C; c++) out[(i * H + h) * C + c] += weight * v[(j * H + h) * C + c];
  });
  return out;
}

/** `dS = dP * sigmoid(S) * (1 + S (1 - sigmoid(S))) / normalizer`, `dP_ij = dOut_i . v_j`; the rest follows from S. */
export function hstuAttentionGrad(input: HstuAttentionInput, dy: ArrayLike<number>): HstuAttentionGradients {
  const { q, k, v, heads: H, queryWidth: A, valueWidth: C, normalizer, scale } = input;
  const dq = new Float64Array(q.length);
  const dk = new Float64Array(k.length);
  const dv = new Float64Array(v.length);
  const dPositionWeights = new Float64Array(input.positionWeights.length);
  const dTimeWeights = new Float64Array(input.timeWeights.length);
  forEachPair(input, (i, j, h) => {
    const s = score(input, i, j, h);
    const sigma = sigmoid(s);
    let dP = 0;
    for (let c = 0; c < C; c++) {
      const upstream = dy[(i * H + h) * C + c];
      dP += upstream * v[(j * H + h) * C + c];
      dv[(j * H + h) * C + c] += ((s * sigma) / normalizer) * upstream;
    }
    const dS = (dP * sigma * (1 + s * (1 - sigma))) / normalizer;
    for (let a = 0; a < A; a++) {
      dq[(i * H + h) * A + a] += scale * dS * k[(j * H + h) * A + a];
      dk[(j * H + h) * A + a] += scale * dS * q[(i * H + h) * A + a];
    }
    if (dPositionWeights.length > 0) dPositionWeights[positionIndex(input, i, j)] += dS;
    if (dTimeWeights.length > 0) dTimeWeights[timeIndex(input, i, j)] += dS;
  });
  return { dq, dk, dv, dPositionWeights, dTimeWeights };
}

/** Every allowed (query, key, head); `i` and `j` are packed rows, so `j - i` is the distance inside the sequence. */
function forEachPair(input: HstuAttentionInput, visit: (i: number, j: number, h: number) => void): void {
  const { offsets, mask, only } = input;
  for (let b = 0; b + 1 < offsets.length; b++) {
    const [start, end] = [offsets[b], offsets[b + 1]];
    for (let i = start; i < end; i++) {
      if (only !== undefined && i !== only) continue;
      for (let j = start; j < end; j++) {
        const visible = mask ? sees(mask, end - start, mask.numTargets[b], i - start, j - start) : j <= i;
        if (visible) for (let h = 0; h < input.heads; h++) visit(i, j, h);
      }
    }
  }
}

function score(input: HstuAttentionInput, i: number, j: number, h: number): number {
  const { q, k, heads: H, queryWidth: A, scale, positionWeights, timeWeights } = input;
  let product = 0;
  for (let a = 0; a < A; a++) product += q[(i * H + h) * A + a] * k[(j * H + h) * A + a];
  let s = scale * product;
  if (positionWeights.length > 0) s += positionWeights[positionIndex(input, i, j)];
  if (timeWeights.length > 0) s += timeWeights[timeIndex(input, i, j)];
  return s;
}

function positionIndex({ positionWeights }: HstuAttentionInput, i: number, j: number): number {
  const n = (positionWeights.length + 1) / 2;
  return j - i + (n - 1);
}

function timeIndex({ queryTimes, keyTimes, timeWeights, bucketDivisor }: HstuAttentionInput, i: number, j: number) {
  return bucket(queryTimes[i] - keyTimes[j], timeWeights.length - 1, bucketDivisor);
}

/** In float32, the one place where the definition itself is single precision. */
function bucket(seconds: number, last: number, divisor: number): number {
  const logarithm = Math.fround(Math.log(Math.fround(Math.max(Math.abs(seconds), 1))));
  const index = Math.trunc(Math.fround(logarithm / Math.fround(divisor)));
  return Math.max(0, Math.min(index, last));
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
