/**
 * Reference of the random streams, in exact big-integer arithmetic, written like the paper.
 *
 * Source: Salmon et al. 2011, section 5.1: Philox4x32 with ten rounds.
 */
export interface Stream {
  readonly k0: number;
  readonly k1: number;
  readonly step: number;
  /** Number of the first word; default 0. */
  readonly first?: number;
}

const WORD = 1n << 32n;

/** Four words of Philox4x32-10. */
export function philox4x32(counter: readonly number[], key: readonly number[]): number[] {
  let [x0, x1, x2, x3] = counter.map(BigInt);
  let [k0, k1] = key.map(BigInt);
  for (let round = 0; round < 10; round++) {
    const product0 = 0xd2511f53n * x0;
    const product1 = 0xcd9e8d57n * x2;
    [x0, x1, x2, x3] = [(product1 / WORD) ^ x1 ^ k0, product1 % WORD, (product0 / WORD) ^ x3 ^ k1, product0 % WORD];
    k0 = (k0 + 0x9e3779b9n) % WORD;
    k1 = (k1 + 0xbb67ae85n) % WORD;
  }
  return [x0, x1, x2, x3].map(Number);
}

/** `count` words of a stream. */
export function streamWords({ k0, k1, step, first = 0 }: Stream, count: number): number[] {
  const words: number[] = [];
  const skipped = first % 4;
  for (let block = (first - skipped) / 4; words.length < skipped + count; block++) {
    words.push(...philox4x32([block % 2 ** 32, Math.floor(block / 2 ** 32), step, 0], [k0, k1]));
  }
  return words.slice(skipped, skipped + count);
}

/** Which of `count` elements dropout keeps. */
export function dropoutKeep(stream: Stream, rate: number, count: number): boolean[] {
  return streamWords(stream, count).map((word) => word >= Math.floor(rate * 2 ** 32));
}

/**
 * Which attention weights dropout keeps: packed query row `t`, head `h`, key position `j` inside the sequence. The
 * stream's first number is that of row 0 and head 0.
 */
export function attentionKeep({ k0, k1, step, first = 0 }: Stream, rate: number, heads: number) {
  const rows = new Map<string, number[]>();
  return (t: number, h: number, j: number): boolean => {
    const counter = [Math.floor(j / 4), first + t * heads + h, step, 1];
    const id = counter.join();
    const words = rows.get(id) ?? philox4x32(counter, [k0, k1]);
    rows.set(id, words);
    return words[j % 4] >= Math.floor(rate * 2 ** 32);
  };
}

/** `low + floor(word * bound / 2^32)`. */
export function uniformIntegers(stream: Stream, count: number, low: number, bound: number): number[] {
  return streamWords(stream, count).map((word) => low + Number((BigInt(word) * BigInt(bound)) / WORD));
}
