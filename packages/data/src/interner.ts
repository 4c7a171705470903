import { DataError } from './errors.ts';

/** External ids by code: numbers when every one is an integer in canonical form, else text. */
export type ExternalIds =
  | { readonly kind: 'integer'; readonly values: Float64Array }
  | { readonly kind: 'text'; readonly values: readonly string[] };

const digit0 = 48;

/** The value of a non-negative integer written the one usual way and exact as a double; -1 for any other text. */
export function canonicalInteger(text: string): number {
  const { length } = text;
  if (length === 0 || length > 16) return -1;
  let value = text.charCodeAt(0) - digit0;
  if (!(value >= 0 && value <= 9) || (value === 0 && length > 1)) return -1;
  for (let i = 1; i < length; i++) {
    const digit = text.charCodeAt(i) - digit0;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : -1;
}

/** Integers below this are looked up by position; the table takes 4 bytes for each number up to the largest id. */
const smallBound = 1 << 24;

/** The value of an id that `Interner` keeps by position, -1 for any other. */
export function smallInteger(text: string): number {
  const value = text.length <= 8 ? canonicalInteger(text) : -1;
  return value < smallBound ? value : -1;
}

/**
 * Gives each distinct external id a code 0, 1, 2, ... in order of first appearance.
 *
 * A table by position for integers below 2^24, open addressing for all other text, both typed arrays: no object an id,
 * one cache miss a look-up of an integer, two of a text. A `Map` of strings that come fresh from a parser has to hash
 * and keep every one of them.
 */
export class Interner {
  readonly #limit: number;
  #size = 0;
  /** By code: a small integer, or `-1 - p` for the text at position `p` of `#texts`. */
  #values = new Float64Array(1 << 9);
  /** code + 1 by small integer, 0 for one that was not seen. */
  #codes = new Int32Array(1 << 10);
  /** Quadruples (code + 1, hash, position in `#texts`, 0); code + 1 = 0 is a free slot. */
  #hashes = new Int32Array(4 << 4);
  #numTexts = 0;
  /** UTF-16: length (two units, low first), then the characters, of one text after another. */
  #texts = new Uint16Array(0);
  #end = 0;

  /** `limit` is the most ids that there may be: codes are integers of 32 bits. */
  constructor(limit = 2 ** 31 - 1) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  /** Code of `key`, new if it was not seen before. */
  intern(key: string): number {
    const value = smallInteger(key);
    if (value >= 0) return this.#internSmall(value);
    const hash = hashText(key);
    const slot = this.#slotOfText(key, hash);
    const code = this.#hashes[slot] - 1;
    return code >= 0 ? code : this.#addText(slot, key, hash);
  }

  /** Code of the id written as the non-negative integer `value`. */
  internInteger(value: number): number {
    return value < smallBound ? this.#internSmall(value) : this.intern(String(value));
  }

  /**
   * Replaces small integers by their codes, and `-1 - code` by `code`, in `column[from, to)`.
   *
   * Looking up many at once lets the processor wait for many cache misses at once, and a table of many ids is made of
   * cache misses.
   */
  resolve(column: Int32Array, from: number, to: number): void {
    for (let i = from; i < to; i++) column[i] = column[i] >= 0 ? this.#internSmall(column[i]) : -1 - column[i];
  }

  /** Code of `key`, or `undefined` if it was never seen. */
  find(key: string): number | undefined {
    const value = smallInteger(key);
    const found = value >= 0 ? this.#codes[value] : this.#hashes[this.#slotOfText(key, hashText(key))];
    // Beyond the end of the table: `undefined`.
    return found > 0 ? found - 1 : undefined;
  }

  findInteger(value: number): number | undefined {
    return this.find(String(value));
  }

  /** The id that got `code`. */
  external(code: number): string {
    const value = this.#values[code];
    return value >= 0 ? String(value) : this.#textAt(-1 - value);
  }

  /** All ids, by code. */
  ids(): ExternalIds {
    const values = this.#values.slice(0, this.#size);
    let integers = true;
    // Integers of 2^24 and more are kept as text, but are integers all the same.
    for (let code = 0; code < values.length && integers && this.#numTexts > 0; code++) {
      if (values[code] >= 0) continue;
      values[code] = canonicalInteger(this.external(code));
      integers = values[code] >= 0;
    }
    return integers ? { kind: 'integer', values } : { kind: 'text', values: this.texts() };
  }

  /** All ids as text, by code. */
  texts(): string[] {
    return Array.from({ length: this.#size }, (_, code) => this.external(code));
  }

  #internSmall(value: number): number {
    if (value >= this.#codes.length) {
      this.#codes = grown(this.#codes, new Int32Array(Math.min(smallBound, roomier(value))));
    }
    const found = this.#codes[value];
    if (found > 0) return found - 1;
    const code = this.#add(value);
    this.#codes[value] = code + 1;
    return code;
  }

  #slotOfText(key: string, hash: number): number {
    const table = this.#hashes;
    const mask = table.length - 1;
    for (let slot = (4 * mixed(hash)) & mask; ; slot = (slot + 4) & mask) {
      if (table[slot] === 0 || (table[slot + 1] === hash && this.#isTextAt(table[slot + 2], key))) return slot;
    }
  }

  #isTextAt(position: number, key: string): boolean {
    const texts = this.#texts;
    if (texts[position] + 0x10000 * texts[position + 1] !== key.length) return false;
    for (let i = 0; i < key.length; i++) if (texts[position + 2 + i] !== key.charCodeAt(i)) return false;
    return true;
  }

  #textAt(position: number): string {
    const start = position + 2;
    const end = start + this.#texts[position] + 0x10000 * this.#texts[position + 1];
    let text = '';
    // In parts: every character is an argument of the call.
    for (let at = start; at < end; at += 4096) {
      text += String.fromCharCode(...this.#texts.subarray(at, Math.min(at + 4096, end)));
    }
    return text;
  }

  #addText(slot: number, key: string, hash: number): number {
    const position = this.#end;
    this.#end += 2 + key.length;
    if (this.#end > this.#texts.length) this.#texts = grown(this.#texts, new Uint16Array(roomier(this.#end)));
    this.#texts[position] = key.length & 0xffff;
    this.#texts[position + 1] = key.length >>> 16;
    for (let i = 0; i < key.length; i++) this.#texts[position + 2 + i] = key.charCodeAt(i);
    const code = this.#add(-1 - position);
    this.#hashes[slot] = code + 1;
    this.#hashes[slot + 1] = hash;
    this.#hashes[slot + 2] = position;
    if (8 * ++this.#numTexts > this.#hashes.length) this.#hashes = widened(this.#hashes);
    return code;
  }

  #add(value: number): number {
    if (this.#size >= this.#limit) throw tooManyIds(this.#limit);
    const code = this.#size++;
    if (code === this.#values.length) this.#values = grown(this.#values, new Float64Array(roomier(code)));
    this.#values[code] = value;
    return code;
  }
}

function tooManyIds(limit: number): DataError {
  const most = limit.toLocaleString('en');
  return new DataError('loadDataset', `expected at most ${most} distinct ids in a column; got more`, {
    code: 'too-many-ids',
    hint: 'is it a column of ids? if so, hash or filter them before',
  });
}

/** The same table with twice as many slots. */
function widened(table: Int32Array): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(2 * table.length);
  const mask = wider.length - 1;
  for (let from = 0; from < table.length; from += 4) {
    if (table[from] === 0) continue;
    let slot = (4 * mixed(table[from + 1])) & mask;
    while (wider[slot] !== 0) slot = (slot + 4) & mask;
    for (let i = 0; i < 4; i++) wider[slot + i] = table[from + i];
  }
  return wider;
}

function roomier(length: number): number {
  return Math.max(64, Math.ceil((length + 1) * 1.5));
}

function grown<A extends Float64Array | Int32Array | Uint16Array>(old: A, next: A): A {
  next.set(old);
  return next;
}

/** Spreads hashes over the table (the finaliser of murmur3); never negative. */
function mixed(key: number): number {
  let h = Math.imul(key ^ (key >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) & 0x1fffffff;
}

/** FNV-1a over UTF-16 code units. */
function hashText(text: string): number {
  let h = 0x811c9dc5 | 0;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h;
}
