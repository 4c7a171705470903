import type * as tf from '@tensorflow/tfjs-core';
import { EvaluationError } from '../errors.ts';
import type { CodeTrie, OpenNodes } from '../semantic-ids/codes/trie.ts';
import type { CodeReader } from './generator.ts';
import { logSumExp, readLogits } from './logits.ts';
import { nthLargest } from './nth-largest.ts';

/** Where the codes that no item has are left out: of the probabilities, or of what they are normalised over. */
export const codeMasks = ['after', 'before'] as const;
export type CodeMask = (typeof codeMasks)[number];

export interface BeamOptions {
  readonly trie: CodeTrie;
  /** Prefixes kept of each history after each level; `Infinity`: all, which ranks every item exactly. */
  readonly width: number;
  readonly mask: CodeMask;
  /** What is taken off the score at each node, by depth: see `debiasOf`. Default: nothing. */
  readonly penalty?: readonly Float64Array[];
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
  /** Prefixes that the model was asked about at each level. */
  readonly asked: Int32Array;
}

/** Prefixes of one length, those of a history next to each other, best first. */
export interface Beams {
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
 *
 * With `'before'` a prefix of a single item is certain of the codes that are left, and the model is not asked about it
 * any more.
 *
 * @throws EvaluationError for a logit that is NaN.
 */
export async function constrainedBeams(
  reader: CodeReader,
  histories: number,
  options: BeamOptions,
): Promise<Generated> {
  const { trie } = options;
  const { beams, invalid, asked } = await beamPrefixes(reader, histories, { ...options, depth: trie.sizes.length });
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

export interface PrefixOptions extends BeamOptions {
  /** Codes to write, `0 .. L`. */
  readonly depth: number;
  /** Called with the prefixes of `codes` codes when the reader has read them, `codes` at most `depth` and below `L`. */
  readonly visit?: { readonly codes: number; call(beams: Beams): Promise<void> };
}

/** The most likely prefixes of `depth` codes, as {@link constrainedBeams} finds them. */
export async function beamPrefixes(
  reader: CodeReader,
  histories: number,
  options: PrefixOptions,
): Promise<{ readonly beams: Beams } & Pick<Generated, 'invalid' | 'asked'>> {
  const { trie, open, depth, visit } = options;
  const levels = trie.sizes.length;
  const reads = Math.max(depth, visit === undefined ? 0 : visit.codes + 1);
  const opened = Array.from({ length: histories }, (_, b) => open?.(b));
  const [invalid, asked] = [new Float64Array(levels), new Int32Array(levels)];
  let beams: Beams = {
    history: Int32Array.from({ length: histories }, (_, b) => b),
    node: new Int32Array(histories),
    score: new Float64Array(histories),
  };
  // Who is called with the prefixes finds each in the reader.
  const isCertain = (level: number, node: number): boolean =>
    level > 0 && options.mask === 'before' && visit === undefined && isLone(trie, level, node);
  // Of each prefix, the row of the reader that it goes on from; none goes on from -1.
  let parents = beams.history;
  for (let level = 0; level < reads && beams.node.length > 0; level++) {
    const { places, rows } = placesWhere(beams.node, (node) => !isCertain(level, node));
    const next = (): tf.Tensor2D =>
      reader.next(
        places.map((i) => parents[i]),
        places.map((i) => trie.code(level, beams.node[i])),
      );
    const logits = places.length === 0 ? noLogits : await readLogits(level === 0 ? reader.first() : next());
    if (level === visit?.codes) await visit.call(beams);
    if (level === depth) break;
    const step = expand(beams, { logits, rows }, { ...options, level, opened });
    invalid[level] = step.invalid;
    asked[level] = places.length;
    [beams, parents] = [step.beams, step.parents.map((place) => rows[place])];
  }
  return { beams, invalid, asked };
}

const noLogits = new Float32Array(0);

interface Step extends BeamOptions {
  readonly level: number;
  readonly opened: readonly (OpenNodes | undefined)[];
}

/** Whether a single item begins with a prefix. */
function isLone(trie: CodeTrie, depth: number, node: number): boolean {
  const { first, past } = trie.leaves(depth, node);
  return past - first === 1;
}

/** The places of the nodes that are asked about, and of each node its place among them, -1 without one. */
function placesWhere(nodes: Int32Array, isAsked: (node: number) => boolean) {
  const rows = new Int32Array(nodes.length).fill(-1);
  const places: number[] = [];
  for (const [place, node] of nodes.entries()) {
    if (!isAsked(node)) continue;
    rows[place] = places.length;
    places.push(place);
  }
  return { places: Int32Array.from(places), rows };
}

/** What the model says of prefixes: `rows` has the row of the logits of each, -1 where its next code is certain. */
interface Said {
  readonly logits: Float32Array;
  readonly rows: Int32Array;
}

/** The best prefixes that are one code longer. */
function expand(beams: Beams, { logits, rows }: Said, { trie, width, mask, penalty, level, opened }: Step) {
  const size = trie.sizes[level];
  const taken = penalty?.[level + 1];
  const found = new Candidates();
  const kept = new Candidates();
  const history: number[] = [];
  let invalid = 0;
  for (let first = 0; first < beams.node.length; ) {
    const own = beams.history[first];
    const open = opened[own];
    found.count = 0;
    let row = first;
    for (; row < beams.node.length && beams.history[row] === own; row++) {
      const children = trie.children(level, beams.node[row]);
      if (rows[row] < 0) {
        const child = children.first;
        if (open?.isOpen(level + 1, child) !== false) found.add(beams.score[row] - (taken?.[child] ?? 0), child, row);
        continue;
      }
      const at = rows[row] * size;
      const code = (child: number): number => at + trie.code(level + 1, child);
      const ofAll = logSumExp(logits, at, at + size);
      if (Number.isNaN(ofAll))
        throw new EvaluationError(
          `beams: expected logits that are numbers; got NaN at level ${level + 1} after history ${own}; train with a smaller rate, or take an earlier checkpoint`,
        );
      const ofChildren = logSumExpAt(logits, children.first, children.past, code);
      invalid += Math.max(0, 1 - Math.exp(ofChildren - ofAll));
      const before = beams.score[row] - (mask === 'before' ? ofChildren : ofAll);
      for (let child = children.first; child < children.past; child++) {
        if (open?.isOpen(level + 1, child) === false) continue;
        found.add(before + logits[code(child)] - (taken?.[child] ?? 0), child, row);
      }
    }
    for (const i of found.best(width)) {
      history.push(own);
      kept.add(found.score[i], found.node[i], found.parent[i]);
    }
    first = row;
  }
  const { score, node, parent, count } = kept;
  return {
    beams: { history: Int32Array.from(history), node: node.slice(0, count), score: score.slice(0, count) },
    parents: parent.slice(0, count),
    invalid,
  };
}

/** `log sum exp` of the values at the places that `i` from `first` to `past - 1` stands for. */
function logSumExpAt(values: Float32Array, first: number, past: number, at: (i: number) => number): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = first; i < past; i++) most = Math.max(most, values[at(i)]);
  let sum = 0;
  for (let i = first; i < past; i++) sum += Math.exp(values[at(i)] - most);
  return most + Math.log(sum);
}

/** Longer prefixes in columns that grow. */
class Candidates {
  count = 0;
  score = new Float64Array(1024);
  node = new Int32Array(1024);
  parent = new Int32Array(1024);

  add(score: number, node: number, parent: number): void {
    if (this.count === this.score.length) this.grow();
    this.score[this.count] = score;
    this.node[this.count] = node;
    this.parent[this.count++] = parent;
  }

  private grow(): void {
    const { score, node, parent } = this;
    this.score = new Float64Array(2 * score.length);
    this.node = new Int32Array(2 * score.length);
    this.parent = new Int32Array(2 * score.length);
    this.score.set(score);
    this.node.set(node);
    this.parent.set(parent);
  }

  /** Places of the `width` best scores, best first; of equal ones the lower node first. */
  best(width: number): readonly number[] {
    const { score, node, count } = this;
    // Who is below the last that is kept need not be put in order.
    const least = count > width ? nthLargest(score, count, width) : Number.NEGATIVE_INFINITY;
    const order: number[] = [];
    for (let i = 0; i < count; i++) if (score[i] >= least) order.push(i);
    order.sort((a, b) => score[b] - score[a] || node[a] - node[b]);
    return order.length > width ? order.slice(0, width) : order;
  }
}
