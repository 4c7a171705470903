import type { CodeTrie } from '../semantic-ids/codes/trie.ts';

/**
 * How popular codes are after each prefix: `log Q(c_l | c_1..c_{l-1})` of each node of a depth, the share of the events
 * under its parent that are under it, one more for each item.
 *
 * @param events of each item in training, `[numItems]`, item 1 first.
 * @returns of each depth `0 .. L` a number a node; 0 at the root.
 */
export function codeShares(trie: CodeTrie, events: ArrayLike<number>): readonly Float64Array[] {
  const levels = trie.sizes.length;
  const counts: Float64Array[] = [];
  counts[levels] = Float64Array.from(trie.rows, (row) => events[row] + 1);
  for (let depth = levels - 1; depth >= 0; depth--) {
    counts[depth] = Float64Array.from({ length: trie.nodes(depth) }, (_, node) => {
      const { first, past } = trie.children(depth, node);
      let sum = 0;
      for (let child = first; child < past; child++) sum += counts[depth + 1][child];
      return sum;
    });
  }
  const shares = counts.map((own) => new Float64Array(own.length));
  for (let depth = 0; depth < levels; depth++) {
    for (let node = 0; node < trie.nodes(depth); node++) {
      const { first, past } = trie.children(depth, node);
      for (let child = first; child < past; child++)
        shares[depth + 1][child] = Math.log(counts[depth + 1][child] / counts[depth][node]);
    }
  }
  return shares;
}

/** What is taken off scores for popularity. */
export interface Debias {
  /** `a`: the score of an item is less `a log Q(item)`. */
  readonly weight: number;
  /** Of each item in training, item 1 first. */
  readonly events: ArrayLike<number>;
}

/** What beams take off for each node; nothing where nothing is. */
export function debiasOf(trie: CodeTrie, debias: Debias | undefined): readonly Float64Array[] | undefined {
  if (debias === undefined || debias.weight === 0) return undefined;
  return codeShares(trie, debias.events).map((own) => own.map((share) => debias.weight * share));
}
