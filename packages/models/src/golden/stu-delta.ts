import { offsetsOf } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { HstuLayer } from '../encoders/hstu/layer.ts';
import { GoldenError } from '../errors.ts';
import type { FreshKeys, MemoryKeys, TokenMemory } from '../layers/memory.ts';

/** Sequences of which all but the last `delta` tokens are cached; the last `numTargets` are targets. */
export interface CachedSequences {
  readonly lengths: readonly number[];
  readonly numTargets: readonly number[];
  readonly delta: number;
}

/** How targets ask: together as candidates, or each as the last token of a sequence of its own. */
export type TargetForm = 'candidates' | 'alone';

/** Keys and values of the cached tokens of a layer, `[rows, H, A]` and `[rows, H, C]`. */
export type LayerCache = FreshKeys;

const noStates = (): never => {
  throw new GoldenError('golden: stu: expected layers that attend; got a recurrent one');
};

/** What a pass over whole sequences would keep, by the stream of the layer: it reads nothing. */
export function recording(offsets: Int32Array, kept: Map<string, FreshKeys>): TokenMemory {
  return {
    ...{ areCandidates: false, states: noStates, keepStates: noStates },
    keys(layer, fresh) {
      kept.set(layer, { k: tf.keep(fresh.k), v: tf.keep(fresh.v) });
      return { k: fresh.k, v: fresh.v, offsets };
    },
  };
}

/**
 * What the layers make of the last `delta` tokens of each sequence, `[B delta, D]`, from cached keys and values of the
 * others: first of the history among them, which is appended, then of the targets. A target that is cached is seen by
 * nobody.
 *
 * @param x all tokens, `[T, D]`
 * @param caches by the stream of the layer
 */
export function deltaRows(
  layers: readonly HstuLayer[],
  x: tf.Tensor2D,
  { lengths, numTargets, delta }: CachedSequences,
  caches: ReadonlyMap<string, LayerCache>,
  form: TargetForm,
): tf.Tensor2D {
  const starts = offsetsOf(lengths);
  const cachedStarts = offsetsOf(lengths.map((length) => length - delta));
  const parts = lengths.map((length, b) => {
    const cached = length - delta;
    const history = length - numTargets[b];
    return { cached: Math.min(cached, history), appended: Math.max(0, history - cached) };
  });
  const appended = parts.map((part) => part.appended);
  const asked = parts.map((part) => delta - part.appended);
  const tokens = lengths.map((length, b) => range(starts[b] + length - delta, delta));
  const grown = new Map(caches);
  const result = tf.tidy(() => {
    const run = (rows: readonly number[], counts: readonly number[], memory: TokenMemory): tf.Tensor2D => {
      const offsets = tf.tensor1d(offsetsOf(counts), 'int32');
      const options = { training: false, step: 0, seed: 0, memory };
      const own = tf.gather(x, tf.tensor1d([...rows], 'int32')) as tf.Tensor2D;
      return layers.reduce((values, layer) => layer.apply([values, offsets], options) as tf.Tensor2D, own);
    };
    const historyRows = parts.map(({ cached }, b) => range(cachedStarts[b], cached));
    const outputs: tf.Tensor2D[] = [];
    if (appended.some((count) => count > 0)) {
      const rows = tokens.flatMap((own, b) => own.slice(0, appended[b]));
      outputs.push(run(rows, appended, appending(grown, historyRows, appended)));
      const first = cachedStarts[lengths.length];
      const fresh = offsetsOf(appended);
      for (const [b, own] of historyRows.entries()) own.push(...range(first + fresh[b], appended[b]));
    }
    if (asked.some((count) => count > 0)) {
      const rows = tokens.flatMap((own, b) => own.slice(appended[b]));
      outputs.push(run(rows, asked, asking(grown, historyRows, asked, form)));
    }
    const [before, after] = [offsetsOf(appended), offsetsOf(asked)];
    const order = parts.flatMap((_, b) => [
      ...range(before[b], appended[b]),
      ...range(before[lengths.length] + after[b], asked[b]),
    ]);
    return tf.gather(tf.concat(outputs, 0), tf.tensor1d(order, 'int32')) as tf.Tensor2D;
  });
  for (const [layer, { k, v }] of grown) if (caches.get(layer)?.k !== k) tf.dispose([k, v]);
  return result;
}

const range = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);

/** New tokens after the cached ones, with whose keys they are then kept. */
function appending(
  caches: Map<string, LayerCache>,
  rows: readonly (readonly number[])[],
  counts: readonly number[],
): TokenMemory {
  return {
    ...{ areCandidates: false, states: noStates, keepStates: noStates },
    keys(layer, fresh) {
      const cached = caches.get(layer) as LayerCache;
      // They outlive the tidy of the layer.
      const grown = { k: tf.keep(tf.concat([cached.k, fresh.k], 0)), v: tf.keep(tf.concat([cached.v, fresh.v], 0)) };
      caches.set(layer, grown);
      const starts = offsetsOf(counts);
      const seen = rows.map((own, b) => [...own, ...range(cached.k.shape[0] + starts[b], counts[b])]);
      return { ...grown, ...keysAt(seen), queryOffsets: starts };
    },
  };
}

/** Targets, of which nothing is kept. */
function asking(
  caches: ReadonlyMap<string, LayerCache>,
  rows: readonly (readonly number[])[],
  counts: readonly number[],
  form: TargetForm,
): TokenMemory {
  return {
    ...{ areCandidates: form === 'candidates', states: noStates, keepStates: noStates },
    keys(layer, fresh): MemoryKeys {
      const cached = caches.get(layer) as LayerCache;
      if (form === 'candidates') {
        return { ...cached, ...keysAt(rows), queryOffsets: offsetsOf(counts), candidates: fresh };
      }
      const starts = offsetsOf(counts);
      const first = cached.k.shape[0];
      const seen = rows.flatMap((own, b) => range(first + starts[b], counts[b]).map((row) => [...own, row]));
      return {
        k: tf.concat([cached.k, fresh.k], 0),
        v: tf.concat([cached.v, fresh.v], 0),
        ...keysAt(seen),
        queryOffsets: offsetsOf(seen.map(() => 1)),
      };
    },
  };
}

/** The keys of each sequence, as rows of what is cached. */
function keysAt(rows: readonly (readonly number[])[]): Pick<MemoryKeys, 'offsets' | 'keyRows'> {
  return { offsets: offsetsOf(rows.map((own) => own.length)), keyRows: tf.tensor1d(rows.flat(), 'int32') };
}
