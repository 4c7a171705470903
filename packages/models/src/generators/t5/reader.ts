import * as tf from '@tensorflow/tfjs-core';
import { hostIntegers } from '../../host-integers.ts';
import { appendKeys } from '../../layers/kept.ts';
import type { Run } from '../../layers/layer.ts';
import type { FreshKeys } from '../../layers/memory.ts';
import type { CodeSymbols } from '../code-symbols.ts';
import type { CodeReader } from '../generator.ts';
import type { AttentionKeys } from './block-weights.ts';
import type { Sequences, T5Net } from './net.ts';

const INFERENCE: Run = { training: false, step: 0, seed: 0 };

/** The rows of a step, in the order of their histories: those of a history ask its keys together. */
interface Rows {
  /** The history of each. */
  readonly histories: Int32Array;
  /** Of each, the stored rows of the codes that it goes on from and its own, the oldest first; `[R, codes]`. */
  readonly paths: Int32Array;
  /** Where each row of the caller stands here; absent: in its own place. */
  readonly order?: Int32Array;
}

/**
 * Reads histories with the encoder once. Keys and values of a history are there once, whoever goes on from it; those of
 * a code that was written are there once too, and a row names the ones that it goes on from.
 */
export function t5Reader(net: T5Net, { ids: history, offsets }: Sequences, symbols: CodeSymbols): CodeReader {
  const sequences = offsets.length - 1;
  const { blocks } = net.decoder;
  const read: FreshKeys[] = [];
  const written: FreshKeys[] = [];
  let stored = 0;
  let level = 0;
  let rows: Rows;

  /** The logits of the next code, in the order of the caller. */
  function step(ids: Int32Array): tf.Tensor2D {
    const count = ids.length;
    return tf.tidy(() => {
      const within = keysWithin(rows, level + 1);
      const across = {
        offsets: hostIntegers(offsets),
        queryOffsets: hostIntegers(countsOf(rows.histories, sequences)),
      };
      const keys = {
        self: (i: number, fresh: FreshKeys): AttentionKeys => ({ ...append(i, fresh), ...within }),
        cross: (i: number): AttentionKeys => ({ ...read[i], ...across, sees: 'all' }),
      };
      const sorted = rows.order === undefined ? ids : inverse(rows.order).map((row) => ids[row]);
      const tokens = { ids: sorted, positions: new Int32Array(count).fill(level), places: symbols.levels };
      const hidden = net.decode(tokens, keys, INFERENCE);
      stored += count;
      const head = tf.slice(net.head(), [symbols.firsts[level], 0], [symbols.sizes[level], -1]);
      const logits = tf.matMul(hidden, head, false, true) as tf.Tensor2D;
      return rows.order === undefined ? logits : tf.gather(logits, tf.tensor1d(rows.order, 'int32'));
    });
  }

  function append(block: number, fresh: FreshKeys): FreshKeys {
    written[block] = appendKeys(written[block], fresh);
    return written[block];
  }

  return {
    first() {
      tf.tidy(() => {
        const memory = net.encode(history, offsets, INFERENCE);
        for (const block of blocks) {
          const { k, v } = block.keysOf(memory);
          read.push({ k: tf.keep(k), v: tf.keep(v) });
        }
      });
      const all = Int32Array.from({ length: sequences }, (_, b) => b);
      rows = { histories: all, paths: all };
      return step(new Int32Array(sequences));
    },
    next(parents, codes) {
      const place = (row: number): number => rows.order?.[row] ?? row;
      const before = { ...rows, of: parents.map(place) };
      rows = rowsAfter(before, level + 1, stored);
      level++;
      return step(codes.map((code) => symbols.firsts[level - 1] + code));
    },
    dispose: () => tf.dispose([...read, ...written].flatMap(({ k, v }) => [k, v])),
  };
}

/** Rows that go on from others, `of`, which have paths of so many codes; new rows are stored from `first` on. */
function rowsAfter(
  { histories: from, paths: before, of }: Rows & { readonly of: Int32Array },
  codes: number,
  first: number,
): Rows {
  const own = of.map((row) => from[row]);
  const order = own.every((history, row) => row === 0 || own[row - 1] <= history) ? undefined : placesOf(own);
  const histories = new Int32Array(of.length);
  const paths = new Int32Array(of.length * (codes + 1));
  for (const [row, parent] of of.entries()) {
    const at = order?.[row] ?? row;
    histories[at] = own[row];
    paths.set(before.subarray(parent * codes, (parent + 1) * codes), at * (codes + 1));
    paths[at * (codes + 1) + codes] = first + at;
  }
  return { histories, paths, ...(order && { order }) };
}

/** The place of each row when they are sorted by their histories. */
function placesOf(histories: Int32Array): Int32Array {
  return inverse(Int32Array.from(histories.keys()).sort((a, b) => histories[a] - histories[b] || a - b));
}

function inverse(order: Int32Array): Int32Array {
  const places = new Int32Array(order.length);
  for (const [i, at] of order.entries()) places[at] = i;
  return places;
}

/** One query a row, which sees the keys of its path. */
function keysWithin({ histories, paths }: Rows, codes: number) {
  const counted = (each: number): tf.Tensor1D =>
    hostIntegers(Int32Array.from({ length: histories.length + 1 }, (_, row) => row * each));
  return { offsets: counted(codes), queryOffsets: counted(1), keyRows: hostIntegers(paths) };
}

/** Offsets of the rows of each history. */
function countsOf(histories: Int32Array, sequences: number): Int32Array {
  const offsets = new Int32Array(sequences + 1);
  for (const history of histories) offsets[history + 1]++;
  for (let b = 0; b < sequences; b++) offsets[b + 1] += offsets[b];
  return offsets;
}
