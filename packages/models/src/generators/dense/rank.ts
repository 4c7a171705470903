import { logSumExpScores } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { EvaluationError } from '../../errors.ts';
import type { CodeTrie } from '../../semantic-ids/codes/trie.ts';
import {
  type BeamOptions,
  type Beams,
  beamPrefixes,
  type CodeMask,
  constrainedBeams,
  type Generated,
} from '../beams.ts';
import type { CodeReader } from '../generator.ts';
import type { DenseHead } from './head.ts';
import type { DenseLoss } from './loss.ts';

/** How items are ranked by codes and vectors. */
export interface DenseDecoding extends Pick<DenseLoss, 'after' | 'temperature'> {
  /** Codes that beams write, at least `after`; `all`: those of whole items. */
  readonly levels: number | 'all';
  /** `a`, the share of the codes in a score. */
  readonly mix: number;
  /** Rows of items that are candidates whatever the beams find, with `mix` and `after` 0; default: none. */
  readonly added?: Int32Array;
}

/** What makes the candidates of histories, in no order. */
export interface CandidateFinder {
  find(reader: CodeReader, histories: number, beams: BeamOptions): Promise<Generated>;
  dispose(): void;
}

/** Finds by codes alone. */
export const codesAlone: CandidateFinder = { find: constrainedBeams, dispose: () => undefined };

/**
 * Finds by codes, then vectors: all items whose first `p = levels` codes a beam has written, with the score
 *
 * ```
 * score(i) = a log p(c_1(i) .. c_p(i) | h) + (1 - a) log p(i | h, c_1(i) .. c_s(i))
 * p(i | h, c_1 .. c_s) = softmax over the items j under c_1 .. c_s of <q(h, c_1 .. c_s), v_j> / temperature
 * ```
 *
 * with `s = after`. `levels: all`, `after` 0: candidates of beams, ranked anew by one vector of the history (LIGER).
 * `s = p`: the vector is made inside the prefix, and `a` 1/2 has the order of the product of both (COBRA). `p` 0: all
 * items by their vectors alone. `a` 1: what `constrainedBeams` says, to the bit. Items that are closed stay in the
 * softmax. Products are float64.
 */
export async function denseFinder(head: DenseHead, trie: CodeTrie, decoding: DenseDecoding): Promise<CandidateFinder> {
  checkDecoding(decoding, trie.sizes.length);
  if (decoding.mix === 1) return codesAlone;
  const items = tf.tidy(() => tf.keep(head.items()));
  const vectors = new Float32Array((await items.data()) as Float32Array);
  return {
    find: (reader, histories, beams) => findMixed({ head, trie, decoding, items, vectors }, reader, histories, beams),
    dispose: () => items.dispose(),
  };
}

/** What finds by these settings; by codes alone where there are none. */
export async function candidateFinder(
  trie: CodeTrie,
  dense: (DenseDecoding & { readonly head: DenseHead }) | undefined,
): Promise<CandidateFinder> {
  return dense === undefined ? codesAlone : denseFinder(dense.head, trie, dense);
}

/** What a score is, in words. */
export function scoreOfDense(
  { after, levels, mix, added }: DenseDecoding,
  { levels: codes, beams, mask }: { readonly levels: number; readonly beams: number | 'all'; readonly mask: CodeMask },
): string {
  const written = levels === 'all' ? codes : levels;
  const prefixes = written === codes ? `the ${codes} codes of an item` : `the first ${written} of ${codes} codes`;
  const place =
    after === 0 ? 'at the end of the history, among all items' : `after ${after} codes, among the items under them`;
  const who = [
    written === 0
      ? 'of every item'
      : `of the items under the prefixes that ${beams === 'all' ? 'there are' : `${beams} beams find`}`,
    ...(added === undefined || added.length === 0 ? [] : [`and of the ${added.length} items without a training event`]),
    ...(written === 0 || beams === 'all' ? [] : ['a target outside of them being a miss']),
  ].join(', ');
  return [
    `${mix} times the log-probability of ${prefixes} and ${Number((1 - mix).toPrecision(12))} times that of the item by its vector, made ${place}; ${who}.`,
    ...(written === 0 ? [] : [`Codes that no item has after a prefix are left out ${mask} the softmax.`]),
  ].join(' ');
}

/** @throws EvaluationError for settings that the codes are too short for. */
function checkDecoding({ after, levels }: DenseDecoding, codes: number): void {
  const written = levels === 'all' ? codes : levels;
  if (after < codes && written <= codes && after <= written) return;
  throw new EvaluationError(
    `dense: expected after below the ${codes} codes of an item, and levels in ${after}..${codes}; got after ${after} and levels ${levels}`,
  );
}

interface Finder {
  readonly head: DenseHead;
  readonly trie: CodeTrie;
  readonly decoding: DenseDecoding;
  /** `[N, w]`, on the backend and here. */
  readonly items: tf.Tensor2D;
  readonly vectors: Float32Array;
}

async function findMixed(
  finder: Finder,
  reader: CodeReader,
  histories: number,
  options: BeamOptions,
): Promise<Generated> {
  const { trie, decoding } = finder;
  const { after, mix, added = [] } = decoding;
  const depth = decoding.levels === 'all' ? trie.sizes.length : decoding.levels;
  let asked: Asked | undefined;
  const visit = {
    codes: after,
    call: async (beams: Beams) => {
      asked = await Asked.read(finder, reader, beams);
    },
  };
  const found = await beamPrefixes(reader, histories, { ...options, depth, visit });
  const { history, node, score } = found.beams;
  const rows: number[][] = Array.from({ length: histories }, () => []);
  const scores: number[][] = Array.from({ length: histories }, () => []);
  const opened = Array.from({ length: histories }, (_, b) => options.open?.(b));
  const take = (b: number, leaf: number, ofCodes: number): void => {
    if (opened[b]?.isOpen(trie.sizes.length, leaf) === false) return;
    rows[b].push(trie.rows[leaf]);
    scores[b].push(mix * ofCodes + (1 - mix) * (asked as Asked).log(b, leaf));
  };
  for (let i = 0; i < node.length; i++) {
    const { first, past } = trie.leaves(depth, node[i]);
    for (let leaf = first; leaf < past; leaf++) take(history[i], leaf, score[i]);
  }
  for (let b = 0; b < histories && added.length > 0; b++) {
    const known = new Set(rows[b]);
    for (const row of added) if (!known.has(row)) take(b, trie.leaf(row), 0);
  }
  const lists = rows.map((own, b) => ({ rows: Int32Array.from(own), scores: Float64Array.from(scores[b]) }));
  return { lists, invalid: found.invalid, asked: found.asked };
}

/** What histories were like after `s` codes, and how likely items are by it. */
class Asked {
  private readonly finder: Finder;
  /** The row of a history and a node of `s` codes. */
  private readonly rowOf: ReadonlyMap<number, number>;
  /** `[rows, w]`. */
  private readonly queries: Float32Array;
  /** Of each row, of the scores of the items under its prefix; made when it is asked for, where it is not there. */
  private readonly totals: Float64Array;

  private constructor(finder: Finder, beams: Beams, queries: Float32Array, totals: Float64Array) {
    const nodes = finder.trie.nodes(finder.decoding.after);
    this.finder = finder;
    this.rowOf = new Map(Array.from(beams.node, (node, row) => [beams.history[row] * nodes + node, row]));
    this.queries = queries;
    this.totals = totals;
  }

  static async read(finder: Finder, reader: CodeReader, beams: Beams): Promise<Asked> {
    const { head, items, decoding } = finder;
    if (reader.encoded === undefined)
      throw new EvaluationError('dense: expected the reader of an encoder over codes; got one that keeps no vectors');
    const encoded = reader.encoded();
    const queries = head.queries(encoded);
    // At the end of the history all items are under the prefix.
    const totals =
      decoding.after > 0
        ? undefined
        : tf.tidy(() => logSumExpScores({ queries: tf.div(queries, decoding.temperature) as tf.Tensor2D, items }));
    const values = new Float32Array((await queries.data()) as Float32Array);
    const sums = totals && Float64Array.from((await totals.data()) as Float32Array);
    tf.dispose([encoded, queries, ...(totals ? [totals] : [])]);
    return new Asked(finder, beams, values, sums ?? new Float64Array(beams.node.length).fill(Number.NaN));
  }

  /** `log p(i | h, c_1 .. c_s)` of the item at a leaf. */
  log(history: number, leaf: number): number {
    const { trie, decoding } = this.finder;
    const node = trie.above(decoding.after, leaf);
    const row = this.rowOf.get(history * trie.nodes(decoding.after) + node) as number;
    if (Number.isNaN(this.totals[row])) this.totals[row] = this.total(row, node);
    return this.scoreOf(row, leaf) - this.totals[row];
  }

  private scoreOf(row: number, leaf: number): number {
    const { trie, vectors, decoding, head } = this.finder;
    const { width } = head.sizes;
    const [q, v] = [row * width, trie.rows[leaf] * width];
    let sum = 0;
    for (let d = 0; d < width; d++) sum += this.queries[q + d] * vectors[v + d];
    return sum / decoding.temperature;
  }

  /** `log sum exp` of the scores of the items under a node. @throws EvaluationError for one that is NaN. */
  private total(row: number, node: number): number {
    const { first, past } = this.finder.trie.leaves(this.finder.decoding.after, node);
    const own = Float64Array.from({ length: past - first }, (_, i) => this.scoreOf(row, first + i));
    const most = own.reduce((a, b) => Math.max(a, b));
    const total = most + Math.log(own.reduce((sum, score) => sum + Math.exp(score - most), 0));
    if (!Number.isNaN(total)) return total;
    throw new EvaluationError(
      'dense: expected scores that are numbers; got NaN; train with a smaller rate, or take an earlier checkpoint',
    );
  }
}
