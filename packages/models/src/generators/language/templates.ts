import type { LanguageSymbols } from './symbols.ts';

/** What is asked and answered, in items (`1..numItems`) and rows of words. */
export type Example =
  /** Every item after the first is an answer to those before it. */
  | { readonly family: 'retrieve'; readonly items: readonly number[] }
  /** 0: hidden. All of them are the one item that is asked for. */
  | { readonly family: 'masked'; readonly items: readonly number[]; readonly item: number }
  | {
      readonly family: 'preferred';
      readonly items: readonly number[];
      /** The item that came next and another, in an order that says nothing. */
      readonly pair: readonly [number, number];
      readonly item: number;
    }
  | {
      readonly family: 'toTitle' | 'fromTitle' | 'toAttributes';
      readonly item: number;
      readonly words: readonly number[];
    };

/** An example as tokens. */
export interface Sentence {
  readonly rows: readonly number[];
  /** Whether each token is to be predicted. */
  readonly answers: readonly boolean[];
  /** The event of each token, as its place among `items`; one past the last: the moment that is asked about. */
  readonly places: readonly number[];
}

/**
 * The tokens of an example; `c(i)` are the codes of item `i`, answers stand in brackets:
 *
 * ```
 * retrieve     [retrieve] c(i_1) { c(i_2) } ... { c(i_n) }
 * masked       [masked] c(i_1) .. [hidden] .. c(i_n) [answer] { c(i) }
 * preferred    [preferred] c(i_1) .. c(i_n) [or] c(a) [or] c(b) [answer] { c(i) }
 * toTitle      [toTitle] c(i) [answer] { w_1 .. w_m [end] }
 * fromTitle    [fromTitle] w_1 .. w_m [answer] { c(i) }
 * toAttributes [toAttributes] c(i) [answer] { w_1 .. w_m [end] }
 * ```
 */
export function renderExample(example: Example, symbols: LanguageSymbols): Sentence {
  const { begins, hidden, or, answer, end } = symbols;
  const sentence = new Writer(symbols);
  sentence.mark(begins[example.family], 0);
  switch (example.family) {
    case 'retrieve':
      for (const [place, item] of example.items.entries()) sentence.item(item, place, place > 0);
      return sentence;
    case 'masked': {
      const last = example.items.length - 1;
      for (const [place, item] of example.items.entries()) {
        if (item === 0) sentence.mark(hidden, place);
        else sentence.item(item, place);
      }
      sentence.mark(answer, last);
      sentence.item(example.item, last, true);
      return sentence;
    }
    case 'preferred': {
      const asked = example.items.length;
      for (const [place, item] of example.items.entries()) sentence.item(item, place);
      for (const item of example.pair) {
        sentence.mark(or, asked);
        sentence.item(item, asked);
      }
      sentence.mark(answer, asked);
      sentence.item(example.item, asked, true);
      return sentence;
    }
    case 'fromTitle':
      for (const word of example.words) sentence.mark(word, 0);
      sentence.mark(answer, 0);
      sentence.item(example.item, 0, true);
      return sentence;
    default:
      sentence.item(example.item, 0);
      sentence.mark(answer, 0);
      for (const word of [...example.words, end]) sentence.mark(word, 0, true);
      return sentence;
  }
}

class Writer implements Sentence {
  readonly rows: number[] = [];
  readonly answers: boolean[] = [];
  readonly places: number[] = [];
  private readonly codes: LanguageSymbols['codes'];

  constructor({ codes }: LanguageSymbols) {
    this.codes = codes;
  }

  mark(row: number, place: number, isAnswer = false): void {
    this.rows.push(row);
    this.places.push(place);
    this.answers.push(isAnswer);
  }

  item(item: number, place: number, isAnswer = false): void {
    const { levels, ofItems } = this.codes;
    for (let l = 0; l < levels; l++) this.mark(ofItems[item * levels + l], place, isAnswer);
  }
}
