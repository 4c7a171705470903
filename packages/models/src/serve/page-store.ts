import { assignRows } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { joinFloats } from './join-floats.ts';

/** Floats that a layer keeps of each token: of its key and of its value. */
export interface LayerWidths {
  readonly key: number;
  readonly value: number;
}

export interface PageStoreOptions {
  /** Layers by name. */
  readonly layers: ReadonlyMap<string, LayerWidths>;
  readonly pageTokens: number;
  /** Of keys and values, of all pages. */
  readonly maxBytes: number;
}

interface Table {
  k: tf.Variable<tf.Rank.R2>;
  v: tf.Variable<tf.Rank.R2>;
}

/** Tokens of the first tables; they double until the budget is reached. */
const FIRST_TOKENS = 4096;

/**
 * Keys and values of tokens, in pages of `pageTokens` rows: a table of each layer, `[rows, H A]` and `[rows, H C]`, and
 * a list of free pages. A page holds whole tokens, the same row in every layer. Who has which pages is kept elsewhere.
 */
export class PageStore {
  readonly pageTokens: number;
  readonly bytesPerToken: number;
  /** Pages within the budget. */
  readonly maxPages: number;
  private readonly tables = new Map<string, Table>();
  private readonly layers: ReadonlyMap<string, LayerWidths>;
  private readonly free: number[] = [];
  private pages = 0;

  constructor({ layers, pageTokens, maxBytes }: PageStoreOptions) {
    this.layers = layers;
    this.pageTokens = pageTokens;
    this.bytesPerToken = 4 * [...layers.values()].reduce((sum, { key, value }) => sum + key + value, 0);
    this.maxPages = this.bytesPerToken === 0 ? 0 : Math.floor(maxBytes / (this.bytesPerToken * pageTokens));
  }

  /** Pages that hold so many tokens; none where nothing is kept of a token. */
  pagesFor(tokens: number): number {
    return this.bytesPerToken === 0 ? 0 : Math.ceil(tokens / this.pageTokens);
  }

  get allPages(): number {
    return this.pages;
  }

  get freePages(): number {
    return this.free.length;
  }

  /** Pages that can be had without taking them from anybody. */
  get available(): number {
    return this.free.length + this.maxPages - this.pages;
  }

  /** Takes a page; undefined where the budget is spent. */
  take(): number | undefined {
    if (this.free.length === 0) this.grow();
    return this.free.pop();
  }

  giveBack(pages: readonly number[]): void {
    this.free.push(...pages);
  }

  private grow(): void {
    const pages = Math.min(this.maxPages, Math.max(2 * this.pages, Math.ceil(FIRST_TOKENS / this.pageTokens)));
    if (pages <= this.pages) return;
    const [before, rows] = [this.pages * this.pageTokens, pages * this.pageTokens];
    for (const [name, { key, value }] of this.layers) {
      const old = this.tables.get(name);
      const larger = (x: tf.Variable<tf.Rank.R2> | undefined, width: number): tf.Variable<tf.Rank.R2> =>
        tf.tidy(() => {
          const empty = tf.zeros([rows - before, width]) as tf.Tensor2D;
          return tf.variable(x === undefined ? empty : tf.concat([x, empty], 0), false);
        });
      const table = { k: larger(old?.k, key), v: larger(old?.v, value) };
      tf.dispose(old === undefined ? [] : [old.k, old.v]);
      this.tables.set(name, table);
    }
    // The lowest is taken first.
    for (let page = pages - 1; page >= this.pages; page--) this.free.push(page);
    this.pages = pages;
  }

  /** Keys and values of a layer, `[rows, H A]` and `[rows, H C]`. */
  table(layer: string): { readonly k: tf.Tensor2D; readonly v: tf.Tensor2D } {
    const table = this.tables.get(layer);
    if (table === undefined) throw new Error(`page store: no layer called '${layer}'`);
    return table;
  }

  /** Writes rows of a layer. */
  write(layer: string, rows: Int32Array, k: tf.Tensor2D, v: tf.Tensor2D): void {
    const table = this.tables.get(layer) as Table;
    assignRows(table.k, k, rows);
    assignRows(table.v, v, rows);
  }

  /** Copies rows onto others, in every layer. */
  copy(from: Int32Array, to: Int32Array): void {
    for (const [name, table] of this.tables) {
      const read = (x: tf.Tensor2D): tf.Tensor2D => tf.gather(x, tf.tensor1d(from, 'int32'));
      tf.tidy(() => this.write(name, to, tf.keep(read(table.k)), tf.keep(read(table.v))));
    }
  }

  /** All numbers of some rows: layer by layer, keys and then values. */
  async read(rows: Int32Array): Promise<Float32Array> {
    const parts: Float32Array[] = [];
    for (const { k, v } of this.tables.values()) {
      for (const x of [k, v]) {
        const part = tf.tidy(() => tf.gather(x, tf.tensor1d(rows, 'int32')));
        parts.push((await part.data()) as Float32Array);
        part.dispose();
      }
    }
    return joinFloats(parts);
  }

  /** Writes what {@link read} gave. */
  restore(rows: Int32Array, values: Float32Array): void {
    let at = 0;
    const next = (width: number): tf.Tensor2D => {
      const part = values.slice(at, at + rows.length * width);
      at += part.length;
      return tf.tensor2d(part, [rows.length, width]);
    };
    for (const [name, { key, value }] of this.layers) this.write(name, rows, next(key), next(value));
  }

  dispose(): void {
    for (const { k, v } of this.tables.values()) tf.dispose([k, v]);
    this.tables.clear();
    this.free.length = 0;
    this.pages = 0;
  }
}
