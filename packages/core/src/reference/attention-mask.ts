/** The mask of one sequence; 0 turns a part off. */
export interface AttentionMask {
  readonly maxAttentionLength: number;
  readonly contextualLength: number;
  readonly minFullAttentionLength: number;
  /** Of semi-local attention; at least the contextual tokens where it is not 0. */
  readonly globalAttentionLength: number;
  /** Default: causal. */
  readonly bidirectional?: boolean;
  /** By sequence. */
  readonly numTargets: ArrayLike<number>;
}

/**
 * Whether query `i` sees key `j`, positions inside a sequence of `length` tokens with `targets` targets at its end.
 *
 * Source: the mask of the public HSTU code, term by term; the first tokens of semi-local attention: ULTRA-HSTU
 * (arXiv:2602.16986).
 */
export function sees(mask: AttentionMask, length: number, targets: number, i: number, j: number): boolean {
  const { maxAttentionLength: w, contextualLength: c, minFullAttentionLength: f, globalAttentionLength: g } = mask;
  const m = length - targets - (c > 0 ? c - 1 : 0);
  const id = (x: number): number => Math.min(c > 0 ? Math.max(x - c + 1, 0) : x, m);
  const ahead = id(i) - id(j);
  const distance = mask.bidirectional ? Math.abs(ahead) : ahead;
  let visible = i === j || distance > 0;
  const always = g > 0 && j < Math.max(g, c) && j < i;
  if (w > 0) visible = visible && (distance <= w || (f > 0 && id(i) >= m - f) || always);
  if (c > 0) visible = visible || (id(i) === 0 && id(j) < m);
  return visible;
}
