type Pair = readonly [string, string];

/** Weights of neighbouring pieces of words, kept up to date: a merge looks at the words that it changes. */
export class PairWeights {
  readonly #words: readonly string[][];
  readonly #weightOf: (word: number) => number;
  readonly #pairs: Pair[] = [];
  readonly #texts: string[] = [];
  readonly #weights: number[] = [];
  /** Words that have had a pair; some have it no more. */
  readonly #wordsOf: number[][] = [];
  readonly #numbers = new Map<string, number>();

  /** @param weights of the words; default 1. */
  constructor(words: readonly string[][], weights?: ArrayLike<number>) {
    this.#words = words;
    this.#weightOf = (word) => weights?.[word] ?? 1;
    for (const word of words.keys()) this.#add(word, 1);
  }

  /** The pair with the largest weight above 0, of equal ones the first by its text. */
  heaviest(): Pair | undefined {
    let best = -1;
    let most = 0;
    for (const [pair, weight] of this.#weights.entries()) {
      if (weight < most || weight === 0) continue;
      if (weight > most || this.#texts[pair] < this.#texts[best]) [best, most] = [pair, weight];
    }
    return this.#pairs[best];
  }

  /** Makes one piece of a pair wherever it is. */
  merge(pair: Pair): void {
    const number = this.#numberOf(pair);
    // What is added while words change is no such pair.
    for (const word of this.#wordsOf[number].splice(0)) {
      this.#add(word, -1);
      mergePair(this.#words[word], pair);
      this.#add(word, 1);
    }
  }

  #add(word: number, sign: 1 | -1): void {
    const pieces = this.#words[word];
    for (let i = 0; i + 1 < pieces.length; i++) {
      const number = this.#numberOf([pieces[i], pieces[i + 1]]);
      this.#weights[number] += sign * this.#weightOf(word);
      if (sign === 1) this.#wordsOf[number].push(word);
    }
  }

  #numberOf(pair: Pair): number {
    const text = pair.join('|');
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#pairs.push(pair) - 1;
    this.#numbers.set(text, number);
    this.#texts.push(text);
    this.#weights.push(0);
    this.#wordsOf.push([]);
    return number;
  }
}

/** A level is in a word once, so that a pair is. */
export function mergePair(word: string[], [left, right]: Pair): void {
  const at = word.indexOf(left);
  if (at >= 0 && word[at + 1] === right) word.splice(at, 2, `${left} ${right}`);
}
