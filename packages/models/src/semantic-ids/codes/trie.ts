import { ConfigError } from '../../errors.ts';
import type { Codes } from '../tokenizers/tokenizer.ts';

/** The nodes of a depth: distinct prefixes of so many codes, in lexicographic order. */
interface Depth {
  /** Last code of each prefix; shape `[nodes]`. */
  readonly codes: Int32Array;
  /** Its children are the nodes `firstChild[n] .. firstChild[n + 1] - 1` of the next depth; shape `[nodes + 1]`. */
  readonly firstChild: Int32Array;
  /** Its rows are the leaves `firstLeaf[n] .. firstLeaf[n + 1] - 1`; shape `[nodes + 1]`. */
  readonly firstLeaf: Int32Array;
}

/** Which nodes lead to a row that is not left out. */
export interface OpenNodes {
  isOpen(depth: number, node: number): boolean;
}

/** The codes of rows as a tree: what may follow what. Typed arrays, sorted, no maps. */
export class CodeTrie {
  readonly sizes: readonly number[];
  /** The row of each leaf; shape `[count]`. */
  readonly rows: Int32Array;
  private readonly depths: readonly Depth[];
  private readonly leafOf: Int32Array;

  /** @throws ConfigError for two rows with equal codes. */
  constructor({ count, sizes, values }: Codes) {
    const levels = sizes.length;
    this.sizes = sizes;
    const compare = (a: number, b: number): number => {
      for (let level = 0; level < levels; level++) {
        const difference = values[a * levels + level] - values[b * levels + level];
        if (difference !== 0) return difference;
      }
      return 0;
    };
    this.rows = Int32Array.from({ length: count }, (_, row) => row).sort((a, b) => compare(a, b) || a - b);
    this.leafOf = new Int32Array(count);
    for (const [leaf, row] of this.rows.entries()) this.leafOf[row] = leaf;
    for (let leaf = 1; leaf < count; leaf++) {
      if (compare(this.rows[leaf - 1], this.rows[leaf]) === 0)
        throw new ConfigError(
          `CodeTrie: expected different codes for all rows; got those of ${this.rows[leaf - 1]} for ${this.rows[leaf]} too; make them unique first`,
          'ids',
        );
    }
    const starts = Array.from({ length: levels + 1 }, (_, depth) => this.startsOf(values, depth));
    this.depths = starts.map((leaves, depth) => {
      const next = starts[depth + 1] ?? leaves;
      const firstChild = new Int32Array(leaves.length);
      for (let node = 0, child = 0; node < leaves.length; node++) {
        while (next[child] < leaves[node]) child++;
        firstChild[node] = child;
      }
      const codes = Int32Array.from(leaves.subarray(0, -1), (leaf) => values[this.rows[leaf] * levels + depth - 1]);
      return { codes: depth === 0 ? new Int32Array(1) : codes, firstChild, firstLeaf: leaves };
    });
  }

  /** First leaf of each prefix of `depth` codes, and the number of leaves. */
  private startsOf(values: Int32Array, depth: number): Int32Array {
    const levels = this.sizes.length;
    const starts: number[] = [];
    for (let leaf = 0; leaf < this.rows.length; leaf++) {
      let isNew = leaf === 0;
      for (let level = 0; level < depth && !isNew; level++) {
        isNew = values[this.rows[leaf] * levels + level] !== values[this.rows[leaf - 1] * levels + level];
      }
      if (isNew) starts.push(leaf);
    }
    return Int32Array.from([...starts, this.rows.length]);
  }

  /** Nodes of a depth, `0 .. levels`; of the last one a row each. */
  nodes(depth: number): number {
    return this.depths[depth].codes.length;
  }

  /** The last code of a node's prefix; of a node of depth 1 or more. */
  code(depth: number, node: number): number {
    return this.depths[depth].codes[node];
  }

  /** The children of a node are the nodes `first .. past - 1` of the next depth, their codes ascending. */
  children(depth: number, node: number): { readonly first: number; readonly past: number } {
    const { firstChild } = this.depths[depth];
    return { first: firstChild[node], past: firstChild[node + 1] };
  }

  /** The leaves under a node are `first .. past - 1`. */
  leaves(depth: number, node: number): { readonly first: number; readonly past: number } {
    const { firstLeaf } = this.depths[depth];
    return { first: firstLeaf[node], past: firstLeaf[node + 1] };
  }

  /** The node of a depth that a leaf is under. */
  above(depth: number, leaf: number): number {
    return nodeOf(this.depths[depth].firstLeaf, leaf);
  }

  /** The leaf of a row. */
  leaf(row: number): number {
    return this.leafOf[row];
  }

  /** The child of a node with a code, -1 where there is none. */
  child(depth: number, node: number, code: number): number {
    const { first, past } = this.children(depth, node);
    const { codes } = this.depths[depth + 1];
    let [low, high] = [first, past];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (codes[middle] < code) low = middle + 1;
      else high = middle;
    }
    return low < past && codes[low] === code ? low : -1;
  }

  /** The node of some first codes, -1 where no row begins so. */
  find(codes: ArrayLike<number>): number {
    let node = 0;
    for (let depth = 0; depth < codes.length && node >= 0; depth++) node = this.child(depth, node, codes[depth]);
    return node;
  }

  /** The nodes that lead to other rows than these. */
  without(rows: Iterable<number>): OpenNodes {
    const closed = this.depths.map(() => new Map<number, number>());
    for (const row of new Set(rows)) {
      const leaf = this.leafOf[row];
      for (const [depth, { firstLeaf }] of this.depths.entries()) {
        const node = nodeOf(firstLeaf, leaf);
        closed[depth].set(node, (closed[depth].get(node) ?? 0) + 1);
      }
    }
    return {
      isOpen: (depth, node) => {
        const { firstLeaf } = this.depths[depth];
        return (closed[depth].get(node) ?? 0) < firstLeaf[node + 1] - firstLeaf[node];
      },
    };
  }
}

/** The node that a leaf is under. */
function nodeOf(firstLeaf: Int32Array, leaf: number): number {
  let [low, high] = [0, firstLeaf.length - 2];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (firstLeaf[middle] <= leaf) low = middle;
    else high = middle - 1;
  }
  return low;
}
