import { streamKey } from '@seqrec/core';

/** Two halves of a 64-bit word. */
interface Word {
  high: number;
  low: number;
}

/** `w = a * w mod 2^64`, `a` given by its halves. */
function multiply(w: Word, aHigh: number, aLow: number): void {
  const [b0, b1] = [w.low & 0xffff, w.low >>> 16];
  const [a0, a1] = [aLow & 0xffff, aLow >>> 16];
  const low = a0 * b0;
  const middle = a1 * b0 + (low >>> 16) + ((a0 * b1) & 0xffff);
  // The upper half of the product of both low halves: a sum below 2^53, in pieces of 16 bits.
  const carry = a1 * b1 + Math.floor(middle / 65536) + Math.floor((a0 * b1) / 65536);
  const high = (Math.imul(w.high, aLow) + Math.imul(w.low, aHigh) + ((carry % 2 ** 32) | 0)) >>> 0;
  w.low = Math.imul(aLow, w.low) >>> 0;
  w.high = high;
}

/** `w ^= w >>> bits`, for fewer than 32 bits. */
function foldDown(w: Word, bits: number): void {
  const low = (w.low ^ ((w.low >>> bits) | (w.high << (32 - bits)))) >>> 0;
  w.high = (w.high ^ (w.high >>> bits)) >>> 0;
  w.low = low;
}

/**
 * A 64-bit hash of an id under a salt: the mixing function of SplitMix64 at `salt + (id + 1) * 0x9e3779b97f4a7c15`.
 *
 * Source: Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", figure 17 (variant 13 of
 * Stafford).
 */
export function hash64(id: number, salt: { readonly high: number; readonly low: number }): Word {
  const w: Word = { high: Math.floor((id + 1) / 2 ** 32), low: (id + 1) >>> 0 };
  multiply(w, 0x9e3779b9, 0x7f4a7c15);
  const low = w.low + salt.low;
  w.high = (w.high + salt.high + (low >= 2 ** 32 ? 1 : 0)) >>> 0;
  w.low = low >>> 0;
  foldDown(w, 30);
  multiply(w, 0xbf58476d, 0x1ce4e5b9);
  foldDown(w, 27);
  multiply(w, 0x94d049bb, 0x133111eb);
  foldDown(w, 31);
  return w;
}

/** A 64-bit word modulo `rows`, of at most 31 bits: 16 bits at a time. */
function modulo({ high, low }: Word, rows: number): number {
  let rest = 0;
  for (const piece of [high >>> 16, high & 0xffff, low >>> 16, low & 0xffff]) rest = (rest * 65536 + piece) % rows;
  return rest;
}

/** The salt of a name. */
function saltOf(name: string): Word {
  const { k0, k1 } = streamKey(0, `hash/${name}`);
  return { high: k0, low: k1 };
}

/**
 * The row of each id `0 .. count - 1` of a field in a table of `rows` rows: `hash64(id; salt of field and chunk) mod
 * rows`.
 */
export function hashedRows(field: string, chunk: number, count: number, rows: number): Int32Array {
  const salt = saltOf(`${field}/${chunk}`);
  return Int32Array.from({ length: count }, (_, id) => modulo(hash64(id, salt), rows));
}

/** A sign for each id `0 .. count - 1` of a field, 1 or -1, by a hash of its own. */
export function hashedSigns(field: string, chunk: number, count: number): Float32Array {
  const salt = saltOf(`${field}/${chunk}/sign`);
  return Float32Array.from({ length: count }, (_, id) => 1 - 2 * (hash64(id, salt).low & 1));
}

/**
 * Rows shared out among fields: equal shares, none more than the ids of its field, what these leave for the others;
 * each at least one.
 */
export function shareRows(sizes: readonly number[], rows: number): number[] {
  const shares = sizes.map(() => 0);
  const order = [...sizes.keys()].sort((a, b) => sizes[a] - sizes[b] || a - b);
  let left = rows;
  for (const [at, f] of order.entries()) {
    shares[f] = Math.max(1, Math.min(sizes[f], Math.floor(left / (sizes.length - at))));
    left -= shares[f];
  }
  return shares;
}
