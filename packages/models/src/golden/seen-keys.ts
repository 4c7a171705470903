import { type AttentionMask, causalAttention, type HstuAttentionOptions, hstuAttention, offsetsOf } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { GoldenError } from '../errors.ts';
import type { Compared } from './values.ts';

/** Sequences in `columns` columns each, and what hides keys; default: causality alone. */
export interface MaskedSequences {
  readonly lengths: readonly number[];
  readonly columns: number;
  readonly mask?: AttentionMask;
}

type Attention = (call: Omit<HstuAttentionOptions, 'normalizer'>) => tf.Tensor3D;
/** A token: its sequence, and its place there. */
type Token = readonly [b: number, place: number];

/** With scores of 1: SiLU of 1 over SiLU of 1 for each key, and 1 over the number of keys. */
const attentions: Readonly<Record<string, Attention>> = {
  silu: (call) => hstuAttention({ ...call, normalizer: 1 / (1 + Math.exp(-1)) }),
  softmax: (call) => causalAttention({ ...call, scale: 1 }),
};

/**
 * Which keys each query sees in both attentions, beside what is expected: of all tokens at once, forwards and by the
 * gradient of the values (`.gradient`); of queries that are given apart from the keys (`.queries`); of targets as
 * candidates after the history (`.candidates`).
 *
 * @param sees whether the query at place `i` of sequence `b` sees key `j`.
 */
export function seenKeys(
  sequences: MaskedSequences,
  sees: (b: number, i: number, j: number) => boolean,
): Record<string, Compared> {
  const { lengths, columns } = sequences;
  if (lengths.some((length) => length > columns)) {
    throw new GoldenError(`golden: lengths: expected at most ${columns} tokens; got ${Math.max(...lengths)}`);
  }
  const compared: Record<string, Compared> = {};
  for (const [name, attention] of Object.entries(attentions)) {
    for (const [form, { queries, seen }] of Object.entries(formsOf(sequences, attention))) {
      const expected = queries.flatMap(([b, i]) =>
        Array.from({ length: columns }, (_, j) => Number(j < lengths[b] && sees(b, i, j))),
      );
      compared[name + form] = [name === 'softmax' ? evened(seen, columns) : seen, expected];
    }
  }
  return compared;
}

/** Weights `[queries, columns]` by the place of the key. */
interface Form {
  readonly queries: readonly Token[];
  readonly seen: Float32Array;
}

function formsOf({ lengths, columns, mask }: MaskedSequences, attention: Attention): Record<string, Form> {
  const targets = lengths.map((_, b) => mask?.numTargets?.[b] ?? 0);
  const histories = lengths.map((length, b) => length - targets[b]);
  const tokens = tokensOf(lengths);
  const forms: Record<string, Form> = {};
  tf.tidy(() => {
    const all = { q: ones(tokens), k: ones(tokens), offsets: offsetsOf(lengths), mask };
    const v = places(tokens, columns);
    const seen = (values: tf.Tensor): tf.Tensor => attention({ ...all, v: values });
    const byKey = tf.grad((values) => tf.sum(tf.mul(seen(values), places(tokens, columns))))(v);
    forms[''] = { queries: tokens, seen: floats(seen(v)) };
    forms['.gradient'] = { queries: tokens, seen: byQuery(floats(byKey), lengths, columns) };
    // Where the history sees targets, they are no candidates.
    if (mask?.bidirectional && targets.some((count) => count > 0)) return;
    const { numTargets: _, ...rest } = mask ?? {};
    const own = tokensOf(histories);
    const keys = { k: ones(own), v: places(own, columns), offsets: offsetsOf(histories), mask: mask && rest };
    const asked = attention({ ...keys, q: ones(own), queryOffsets: keys.offsets });
    const after = tokensOf(targets).map(([b, r]): Token => [b, histories[b] + r]);
    const candidates = { k: ones(after), v: places(after, columns) };
    const scored = attention({ ...keys, q: candidates.k, queryOffsets: offsetsOf(targets), candidates });
    forms['.queries'] = { queries: own, seen: floats(asked) };
    forms['.candidates'] = { queries: after, seen: floats(scored) };
  });
  return forms;
}

const floats = (x: tf.Tensor): Float32Array => x.dataSync() as Float32Array;

const tokensOf = (counts: readonly number[]): Token[] =>
  counts.flatMap((count, b) => Array.from({ length: count }, (_, place): Token => [b, place]));

const ones = (tokens: readonly Token[]): tf.Tensor3D => tf.ones([tokens.length, 1, 1]);

/** Values of which column `j` alone is 1 at place `j`, `[tokens, 1, columns]`. */
function places(tokens: readonly Token[], columns: number): tf.Tensor3D {
  const values = new Float32Array(tokens.length * columns);
  for (const [row, [, place]] of tokens.entries()) values[row * columns + place] = 1;
  return tf.tensor3d(values, [tokens.length, 1, columns]);
}

/** From a row a key, by the place of the query, to a row a query. */
function byQuery(byKey: Float32Array, lengths: readonly number[], columns: number): Float32Array {
  const offsets = offsetsOf(lengths);
  const out = new Float32Array(byKey.length);
  for (const [row, [b, j]] of tokensOf(lengths).entries()) {
    for (let i = 0; i < lengths[b]; i++) out[(offsets[b] + i) * columns + j] = byKey[row * columns + i];
  }
  return out;
}

/** Each row times the number of its keys. */
function evened(weights: Float32Array, columns: number): Float32Array {
  return weights.map((weight, at) => {
    const row = at - (at % columns);
    return weight * weights.subarray(row, row + columns).filter((other) => other !== 0).length;
  });
}
