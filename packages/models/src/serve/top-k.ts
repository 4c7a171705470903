/** Ids and scores of the `k` best items, best first; among equals the lower id first. */
export interface TopK {
  readonly items: number[];
  readonly scores: number[];
}

/** The `k` highest of `scores[1..]`, leaving out `excluded`; fewer when there are not enough items. */
export function topK(scores: ArrayLike<number>, k: number, excluded: ReadonlySet<number> = new Set()): TopK {
  const items: number[] = [];
  const best: number[] = [];
  for (let item = 1; item < scores.length; item++) {
    const score = scores[item];
    if (items.length === k && !(score > best[k - 1])) continue;
    if (excluded.has(item)) continue;
    let low = 0;
    let high = items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (best[middle] >= score) low = middle + 1;
      else high = middle;
    }
    items.splice(low, 0, item);
    best.splice(low, 0, score);
    if (items.length > k) {
      items.pop();
      best.pop();
    }
  }
  return { items, scores: best };
}
