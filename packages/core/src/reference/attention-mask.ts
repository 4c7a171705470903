/** The mask of one sequence; 0 turns a part off. */
export interface AttentionMask {
  readonly maxAttentionLength: number;
  readonly contextualLength: number;
  readonly minFullAttentionLength: number;
  /** By sequence. */
  readonly numTargets: ArrayLike<number>;
}

/**
 * Whether query `i` sees key `j`, positions inside a sequence of `length` tokens with `targets` targets at its end.
 *
 * Source: the mask of the public HSTU code, term by term.
 */
export function sees(mask: AttentionMask, length: number, targets: number, i: number, j: number): boolean {
  const { maxAttentionLength: w, contextualLength: c, minFullAttentionLength: f } = mask;
  const m = length - targets - (c > 0 ? c - 1 : 0);
  const id = (x: number): number => Math.min(c > 0 ? Math.max(x - c + 1, 0) : x, m);
  const distance = id(i) - id(j);
  let visible = i === j || distance > 0;
  if (w > 0) visible = visible && (distance <= w || (f > 0 && id(i) >= m - f));
  if (c > 0) visible = visible || (id(i) === 0 && id(j) < m);
  return visible;
}
