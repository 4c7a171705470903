import type * as tf from '@tensorflow/tfjs-core';
import type { CodeTrie, OpenNodes } from '../semantic-ids/codes/trie.ts';
import type { CodeReader } from './generator.ts';

/** Where the codes that no item has are left out: of the probabilities, or of what they are normalised over. */
export const codeMasks = ['after', 'before'] as const;
export type CodeMask = (typeof codeMasks)[number];

export interface BeamOptions {
  readonly trie: CodeTrie;
  /** Prefixes kept of each history after each level; `Infinity`: all, which ranks every item exactly. */
  readonly width: number;
  readonly mask: CodeMask;
  /** Items that are not to be written after a history: which prefixes lead to others. Default: all may be. */
  readonly open?: (history: number) => OpenNodes | undefined;
}

/** What was written after a history, best first; among equal scores the lexicographically lower codes first. */
export interface GeneratedList {
  /** Rows of the trie: items less 1. */
  readonly rows: Int32Array;
  /** `sum_l log p(c_l | history, c_<l)`. */
  readonly scores: Float64Array;
}

export interface Generated {
  readonly lists: readonly GeneratedList[];
  /** Of each level: probability on codes that no item has after a prefix, summed over the prefixes that were asked. */
  readonly invalid: Float64Array;
  /** Prefixes that were asked at each level. */
  readonly asked: Int32Array;
}

/** Prefixes of one length, those of a history next to each other, best first. */
interface Beams {
  readonly history: Int32Array;
  readonly node: Int32Array;
  readonly score: Float64Array;
}

/**
 * Beam search over the codes that items have: of each history the `width` most likely prefixes of 1, 2, ... L codes.
 *
 * ```
 * score(c_1..c_l) = score(c_1..c_{l-1}) + logit[c_l] - log sum_{k in Z} exp(logit[k])
 * ```
 *
 * with `Z` all codes of the level (`mask: 'after'`: probabilities of the free model) or those that some item has after
 * this prefix (`'before'`: probability is renormalised). The two rank differently. Items that are left out by `open`
 * take no place in a beam, and stay in `Z`. Logits are float32, sums float64.
 */
export async function constrainedBeams(
  reader: CodeReader,
  histories: number,
  options: BeamOptions,
): Promise<Generated> {
  const { trie, open } = options;
  const levels = trie.sizes.length;
  const opened = Array.from({ length: histories }, (_, b) => open?.(b));
  const [invalid, asked] = [new Float64Array(levels), new Int32Array(levels)];
  let beams: Beams = {
    history: Int32Array.from({ length: histories }, (_, b) => b),
    node: new Int32Array(histories),
    score: new Float64Array(histories),
  };
  let parents: Int32Array | undefined;
  for (let level = 0; level < levels && beams.node.length > 0; level++) {
    const codes = beams.node.map((node) => (level === 0 ? 0 : trie.code(level, node)));
    const logits = await read(parents === undefined ? reader.first() : reader.next(parents, codes));
    const step = expand(beams, logits, { ...options, level, opened });
    invalid[level] = step.invalid;
    asked[level] = beams.node.length;
    [beams, parents] = [step.beams, step.parents];
  }
  const lists = Array.from({ length: histories }, () => ({ rows: new Int32Array(0), scores: new Float64Array(0) }));
  for (let first = 0; first < beams.node.length; ) {
    const history = beams.history[first];
    let past = first;
    while (past < beams.node.length && beams.history[past] === history) past++;
    lists[history] = {
      rows: beams.node.slice(first, past).map((leaf) => trie.rows[leaf]),
      scores: beams.score.slice(first, past),
    };
    first = past;
  }
  return { lists, invalid, asked };
}

async function read(logits: tf.Tensor2D): Promise<Float32Array> {
  try {
    return (await logits.data()) as Float32Array;
  } finally {
    logits.dispose();
  }
}

interface Step extends BeamOptions {
  readonly level: number;
  readonly opened: readonly (OpenNodes | undefined)[];
}

/** The best prefixes that are one code longer. */
function expand(beams: Beams, logits: Float32Array, { trie, width, mask, level, opened }: Step) {
  const size = trie.sizes[level];
  const kept = { history: [] as number[], node: [] as number[], score: [] as number[], parent: [] as number[] };
  let invalid = 0;
  for (let first = 0; first < beams.node.length; ) {
    const history = beams.history[first];
    const open = opened[history];
    const found = { score: [] as number[], node: [] as number[], parent: [] as number[] };
    let row = first;
    for (; row < beams.node.length && beams.history[row] === history; row++) {
      const children = trie.children(level, beams.node[row]);
      const own = logits.subarray(row * size, (row + 1) * size);
      const ofAll = logSumExp(own, size, (k) => k);
      const ofChildren = logSumExp(own, children.past - children.first, (i) =>
        trie.code(level + 1, children.first + i),
      );
      invalid += Math.max(0, 1 - Math.exp(ofChildren - ofAll));
      const before = beams.score[row] - (mask === 'before' ? ofChildren : ofAll);
      for (let child = children.first; child < children.past; child++) {
        if (open?.isOpen(level + 1, child) === false) continue;
        found.score.push(before + own[trie.code(level + 1, child)]);
        found.node.push(child);
        found.parent.push(row);
      }
    }
    for (const i of best(found.score, found.node, width)) {
      kept.history.push(history);
      kept.node.push(found.node[i]);
      kept.score.push(found.score[i]);
      kept.parent.push(found.parent[i]);
    }
    first = row;
  }
  return {
    beams: {
      history: Int32Array.from(kept.history),
      node: Int32Array.from(kept.node),
      score: Float64Array.from(kept.score),
    },
    parents: Int32Array.from(kept.parent),
    invalid,
  };
}

/** `log sum exp` of some of the values. */
function logSumExp(values: Float32Array, count: number, at: (i: number) => number): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) most = Math.max(most, values[at(i)]);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.exp(values[at(i)] - most);
  return most + Math.log(sum);
}

/** Places of the `width` best scores, best first; of equal ones the lower node first. */
function best(scores: readonly number[], nodes: readonly number[], width: number): number[] {
  const order = scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a] || nodes[a] - nodes[b]);
  return order.length > width ? order.slice(0, width) : order;
}
