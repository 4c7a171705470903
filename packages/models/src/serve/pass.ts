import { offsetsOf } from '@seqrec/core';
import { sequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { type EncoderBatch, tensorsOf } from '../inputs.ts';
import { keptIntegers } from '../layers/kept.ts';
import type { FreshKeys, MemoryKeys, TokenMemory } from '../layers/memory.ts';
import type { History } from './history.ts';
import type { PageStore } from './page-store.ts';

/** Events `from .. to - 1` of a window of a history, which are read in a pass. */
export interface Reading {
  readonly history: History;
  /** First event of the window. */
  readonly start: number;
  readonly from: number;
  readonly to: number;
  /** When what comes after the last event is asked for; not read where the history goes on. */
  readonly at: number;
  /** Row in the page store of each token up to the last that is read. */
  readonly rows: Int32Array;
  /** States of recurrent layers after the events before `from`, by layer; none before the first event. */
  readonly states: ReadonlyMap<string, Float32Array>;
}

/** What is asked about candidates: their item ids, after all events of a window. */
export interface Candidates {
  readonly items: Int32Array;
  readonly history: History;
  readonly start: number;
  readonly at: number;
  readonly rows: Int32Array;
}

/** Seconds after the first event of a window, as the upload of a batch has them. */
const clock = (history: History, start: number, time: number): number => Math.floor(time - history.timeAt(start));

/** The events that are read, on the device; positions and times count from the beginning of each window. */
export function batchOf(readings: readonly Reading[]): EncoderBatch {
  const offsets = offsetsOf(readings.map(({ from, to }) => to - from));
  const keyOffsets = offsetsOf(readings.map(({ to }) => to));
  const count = offsets[readings.length];
  const [itemIds, positions, eventTimes, queryTimes] = [0, 1, 2, 3].map(() => new Int32Array(count));
  const keyTimes = new Int32Array(keyOffsets[readings.length]);
  const [timestamps, targetTimestamps, ratings] = [
    new Float64Array(count),
    new Float64Array(count),
    new Float32Array(count),
  ];
  readings.forEach(({ history, start, from, to, at }, b) => {
    for (let i = 0; i < to; i++) keyTimes[keyOffsets[b] + i] = clock(history, start, history.timeAt(start + i));
    for (let i = from; i < to; i++) {
      const t = offsets[b] + i - from;
      const next = start + i + 1 < history.length ? history.timeAt(start + i + 1) : at;
      itemIds[t] = history.itemAt(start + i);
      positions[t] = i;
      eventTimes[t] = keyTimes[keyOffsets[b] + i];
      queryTimes[t] = clock(history, start, next);
      timestamps[t] = history.timeAt(start + i);
      targetTimestamps[t] = next;
      ratings[t] = history.ratingAt(start + i);
    }
  });
  const host = sequenceBatch({ offsets, itemIds, timestamps, targetTimestamps, ratings });
  const longest = Math.max(0, ...readings.map(({ to }) => to));
  return tensorsOf(host, { positions, keyTimes, eventTimes, queryTimes, longest });
}

/** Candidates as contents after the history; `tokens` of it are held. */
export function candidateBatch({ items, history, start, at }: Candidates, tokens: number): EncoderBatch {
  const count = items.length;
  const events = history.length - start;
  const perEvent = tokens / events;
  const keyTimes = Int32Array.from({ length: tokens }, (_, t) =>
    clock(history, start, history.timeAt(start + Math.floor(t / perEvent))),
  );
  const host = sequenceBatch({
    offsets: Int32Array.of(0, count),
    itemIds: items,
    timestamps: new Float64Array(count).fill(at),
    ratings: new Float32Array(count).fill(Number.NaN),
  });
  return tensorsOf(host, {
    positions: new Int32Array(count).fill(tokens),
    keyTimes,
    eventTimes: new Int32Array(count),
    // Candidates of a sequence are asked for at one moment.
    queryTimes: Int32Array.of(clock(history, start, at)),
    longest: tokens + 1,
  });
}

/** The part of a store that belongs to the sequences of a pass. */
export class PassMemory implements TokenMemory {
  readonly areCandidates: boolean;
  /** What recurrent layers made of each token, by layer. */
  readonly newStates = new Map<string, tf.Tensor2D>();
  private readonly store: PageStore;
  private readonly readings: readonly Pick<Reading, 'states'>[];
  private readonly offsets: Int32Array;
  private readonly queryOffsets: Int32Array;
  private readonly keyRows: Int32Array;
  private readonly fresh: Int32Array;
  /** What all layers read, made by the first: a kernel then looks at its values once a pass. */
  private shared: (Pick<MemoryKeys, 'keyRows'> & Record<'offsets' | 'queryOffsets', tf.Tensor1D>) | undefined;

  private constructor(
    store: PageStore,
    readings: readonly Pick<Reading, 'states'>[],
    parts: {
      readonly rows: readonly Int32Array[];
      readonly queries: readonly number[];
      readonly areCandidates: boolean;
    },
  ) {
    const { rows, queries, areCandidates } = parts;
    this.store = store;
    this.readings = readings;
    this.areCandidates = areCandidates;
    this.offsets = offsetsOf(rows.map(({ length }) => length));
    this.queryOffsets = offsetsOf(queries);
    this.keyRows = new Int32Array(this.offsets[rows.length]);
    for (const [b, own] of rows.entries()) this.keyRows.set(own, this.offsets[b]);
    const written = areCandidates ? [] : rows.map((own, b) => own.subarray(own.length - queries[b]));
    this.fresh = new Int32Array(written.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of written) {
      this.fresh.set(part, at);
      at += part.length;
    }
  }

  /** Of a pass over events, which have `perEvent` tokens. */
  static ofEvents(store: PageStore, readings: readonly Reading[], perEvent: number): PassMemory {
    const rows = readings.map((reading) => reading.rows.subarray(0, reading.to * perEvent));
    const queries = readings.map(({ from, to }) => (to - from) * perEvent);
    return new PassMemory(store, readings, { rows, queries, areCandidates: false });
  }

  static ofCandidates(store: PageStore, { rows, items }: Candidates): PassMemory {
    return new PassMemory(store, [], { rows: [rows], queries: [items.length], areCandidates: true });
  }

  keys(layer: string, { k, v }: FreshKeys): MemoryKeys {
    const [, heads, width] = k.shape;
    const flat = (x: tf.Tensor3D): tf.Tensor2D => tf.reshape(x, [x.shape[0], x.shape[1] * x.shape[2]]);
    if (!this.areCandidates) this.store.write(layer, this.fresh, flat(k), flat(v));
    const table = this.store.table(layer);
    this.shared ??= {
      offsets: keptIntegers(this.offsets),
      queryOffsets: keptIntegers(this.queryOffsets),
      keyRows: keptIntegers(this.keyRows),
    };
    return {
      k: tf.reshape(table.k, [-1, heads, width]),
      v: tf.reshape(table.v, [-1, heads, v.shape[2]]),
      ...this.shared,
      ...(this.areCandidates && { candidates: { k, v } }),
    };
  }

  states(layer: string, width: number): tf.Tensor2D {
    const all = new Float32Array(this.readings.length * width);
    this.readings.forEach(({ states }, b) => {
      const own = states.get(layer);
      if (own !== undefined) all.set(own, b * width);
    });
    return tf.tensor2d(all, [this.readings.length, width]);
  }

  keepStates(layer: string, states: tf.Tensor2D): void {
    this.newStates.set(layer, tf.keep(tf.clone(states)));
  }

  /** Frees what the pass has made, its states among it. */
  dispose(): void {
    tf.dispose([...Object.values(this.shared ?? {}), ...this.newStates.values()]);
  }
}

/** The layers of a model that keep something of each token, found by a pass that keeps nothing. */
export class WidthProbe implements TokenMemory {
  readonly areCandidates = false;
  readonly layers = new Map<string, { readonly key: number; readonly value: number }>();
  /** Widths of the states of recurrent layers. */
  readonly recurrent = new Map<string, number>();

  keys(layer: string, { k, v }: FreshKeys): MemoryKeys {
    this.layers.set(layer, { key: k.shape[1] * k.shape[2], value: v.shape[1] * v.shape[2] });
    const offsets = Int32Array.of(0, k.shape[0]);
    return { k, v, offsets, queryOffsets: offsets };
  }

  states(layer: string, width: number): tf.Tensor2D {
    this.recurrent.set(layer, width);
    return tf.zeros([1, width]);
  }

  keepStates(): void {}
}
