import { offsetsOf } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { appendKeys, keptIntegers } from '../layers/kept.ts';
import type { FreshKeys, MemoryKeys, TokenMemory } from '../layers/memory.ts';

/** A sequence of the newest pass: its history, and the rows of the codes after it. */
interface Path {
  readonly history: number;
  readonly rows: Int32Array;
}

/** What all layers of a pass read. */
type Places = Pick<MemoryKeys, 'keyRows'> & Record<'offsets' | 'queryOffsets', tf.Tensor1D>;

/**
 * Keys and values of histories, and of sequences that go on from them code by code. A history is there once: who goes
 * on from it names its rows, and the rows of the codes in between.
 */
export class BeamMemory implements TokenMemory {
  readonly areCandidates = false;
  /** Keys and values of all tokens so far by layer, histories first. */
  private readonly layers = new Map<string, FreshKeys>();
  /** What recurrent layers made of the last token of each sequence of the newest pass. */
  private readonly recurrent = new Map<string, tf.Tensor2D>();
  /** Of histories among the tokens, `[B + 1]`. */
  private readonly histories: Int32Array;
  /** Tokens so far. */
  private rows: number;
  private paths: readonly Path[];
  /** Of the newest pass: the sequence of the one before that each goes on from; absent: it reads histories. */
  private parents: Int32Array | undefined;
  private places: Places;
  /** Keys of each sequence of the newest pass, its own tokens among them; `[B + 1]`. */
  keyOffsets: Int32Array;

  /** Begins the pass over histories. @param offsets of their tokens, `[B + 1]`; none is empty. */
  constructor(offsets: Int32Array) {
    this.histories = offsets;
    this.keyOffsets = offsets;
    this.rows = offsets[offsets.length - 1];
    this.paths = Array.from({ length: offsets.length - 1 }, (_, history) => ({ history, rows: new Int32Array(0) }));
    const all = keptIntegers(offsets);
    this.places = { offsets: all, queryOffsets: all };
  }

  /** The history of each sequence of the newest pass. */
  get historyOf(): Int32Array {
    return Int32Array.from(this.paths, ({ history }) => history);
  }

  /** Begins a pass of one token a sequence, each after a sequence of the pass before. */
  goOn(parents: Int32Array): void {
    const { paths: before, rows: first, histories } = this;
    this.paths = Array.from(parents, (parent, i) => {
      const { history, rows } = before[parent];
      return { history, rows: Int32Array.of(...rows, first + i) };
    });
    this.parents = parents;
    this.rows += parents.length;
    this.keyOffsets = offsetsOf(
      this.paths.map(({ history, rows }) => histories[history + 1] - histories[history] + rows.length),
    );
    const keyRows = new Int32Array(this.keyOffsets[parents.length]);
    for (const [i, { history, rows }] of this.paths.entries()) {
      let at = this.keyOffsets[i];
      for (let row = histories[history]; row < histories[history + 1]; row++) keyRows[at++] = row;
      keyRows.set(rows, at);
    }
    tf.dispose(Object.values(this.places));
    this.places = {
      offsets: keptIntegers(this.keyOffsets),
      queryOffsets: keptIntegers(Int32Array.from({ length: parents.length + 1 }, (_, i) => i)),
      keyRows: keptIntegers(keyRows),
    };
  }

  keys(layer: string, fresh: FreshKeys): MemoryKeys {
    const all = appendKeys(this.layers.get(layer), fresh);
    this.layers.set(layer, all);
    return { ...all, ...this.places };
  }

  states(layer: string, width: number): tf.Tensor2D {
    const before = this.recurrent.get(layer);
    if (this.parents === undefined || before === undefined) return tf.zeros([this.paths.length, width]);
    return tf.gather(before, tf.tensor1d(this.parents, 'int32'));
  }

  keepStates(layer: string, states: tf.Tensor2D): void {
    this.recurrent.get(layer)?.dispose();
    const last = this.histories.slice(1).map((end) => end - 1);
    const own = this.parents === undefined ? tf.gather(states, tf.tensor1d(last, 'int32')) : tf.clone(states);
    this.recurrent.set(layer, tf.keep(own) as tf.Tensor2D);
  }

  dispose(): void {
    tf.dispose(Object.values(this.places));
    for (const { k, v } of this.layers.values()) tf.dispose([k, v]);
    tf.dispose([...this.recurrent.values()]);
  }
}
