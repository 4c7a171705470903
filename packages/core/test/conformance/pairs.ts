/** Values of each dimension of a problem. */
type Values<P> = { readonly [K in keyof P]: readonly P[K][] };

/**
 * Problems in which every two values of two dimensions meet at least once (pairwise covering): far fewer than all
 * combinations, and every kernel that goes wrong for two sizes together is found. Greedy, and the same list each
 * time: a row begins with the first pair that has not met and takes, dimension by dimension, the value that
 * brings the most new pairs.
 */
export function pairwise<P extends object>(values: Values<P>): P[] {
  const names = Object.keys(values) as (keyof P & string)[];
  const lists = names.map((name) => values[name] as readonly unknown[]);
  const missing = new Set<string>();
  const key = (d: number, i: number, e: number, j: number): string =>
    d < e ? `${d},${i},${e},${j}` : `${e},${j},${d},${i}`;
  for (let d = 0; d < lists.length; d++) {
    for (let e = d + 1; e < lists.length; e++) {
      for (let i = 0; i < lists[d].length; i++) for (let j = 0; j < lists[e].length; j++) missing.add(key(d, i, e, j));
    }
  }
  const rows: P[] = [];
  const used = lists.map((list) => list.map(() => 0));
  while (missing.size > 0 || rows.length === 0) {
    const row = new Array<number | undefined>(lists.length).fill(undefined);
    for (const pair of missing) {
      const [d, i, e, j] = pair.split(',').map(Number);
      [row[d], row[e]] = [i, j];
      break;
    }
    const gain = (d: number, i: number): number =>
      row.reduce<number>((sum, j, e) => sum + (j !== undefined && missing.has(key(d, i, e, j)) ? 1 : 0), 0);
    for (let d = 0; d < lists.length; d++) {
      if (row[d] !== undefined) continue;
      let best = 0;
      for (let i = 1; i < lists[d].length; i++) {
        // Of two that bring as much, the one that was used less.
        const better = gain(d, i) - gain(d, best) || used[d][best] - used[d][i];
        if (better > 0) best = i;
      }
      row[d] = best;
    }
    const whole = row as number[];
    for (let d = 0; d < lists.length; d++) {
      used[d][whole[d]]++;
      for (let e = d + 1; e < lists.length; e++) missing.delete(key(d, whole[d], e, whole[e]));
    }
    rows.push(Object.fromEntries(names.map((name, d) => [name, lists[d][whole[d]]])) as P);
  }
  return rows;
}
