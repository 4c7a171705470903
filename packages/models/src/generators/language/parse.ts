import { ShapeError } from '@seqrec/core';
import { type Family, families } from './families.ts';
import type { LanguageSymbols } from './symbols.ts';
import type { Example } from './templates.ts';

/** Reads tokens back: what `renderExample` made of an example is that example. */
export type ExampleParser = (rows: readonly number[]) => Example;

/** @throws ShapeError from the parser for tokens that no template makes, naming the place. */
export function exampleParser(symbols: LanguageSymbols): ExampleParser {
  const { codes, begins } = symbols;
  const { levels, numItems, ofItems } = codes;
  const key = (rows: ArrayLike<number>, at: number): string =>
    Array.from({ length: levels }, (_, l) => rows[at + l]).join();
  const itemOf = new Map<string, number>();
  for (let item = 1; item <= numItems; item++) itemOf.set(key(ofItems, item * levels), item);
  return (rows) => {
    const family = families.find((each) => begins[each] === rows[0]);
    if (family === undefined) throw wrong('the mark of a family', rows, 0);
    return new Reader(rows, symbols, (at) => itemOf.get(key(rows, at))).read(family);
  };
}

class Reader {
  private at = 1;
  private readonly rows: readonly number[];
  private readonly symbols: LanguageSymbols;
  private readonly itemAt: (at: number) => number | undefined;

  constructor(rows: readonly number[], symbols: LanguageSymbols, itemAt: (at: number) => number | undefined) {
    this.rows = rows;
    this.symbols = symbols;
    this.itemAt = itemAt;
  }

  read(family: Family): Example {
    const example = this.example(family);
    if (this.at !== this.rows.length) throw wrong('no more', this.rows, this.at);
    return example;
  }

  private example(family: Family): Example {
    const { hidden, or, answer, end } = this.symbols;
    switch (family) {
      case 'retrieve':
        return { family, items: this.until(undefined, () => this.item()) };
      case 'masked': {
        const items = this.until(answer, () => (this.rows[this.at] === hidden ? this.hole() : this.item()));
        return { family, items, item: this.after(answer) };
      }
      case 'preferred': {
        const items = this.until(or, () => this.item());
        const pair = [this.after(or), this.after(or)] as const;
        return { family, items, pair, item: this.after(answer) };
      }
      case 'fromTitle': {
        const words = this.until(answer, () => this.word());
        return { family, words, item: this.after(answer) };
      }
      default: {
        const item = this.item();
        this.mark(answer);
        const words = this.until(end, () => this.word());
        this.mark(end);
        return { family, item, words };
      }
    }
  }

  /** All that comes before a mark, or before the end. */
  private until(mark: number | undefined, next: () => number): number[] {
    const found: number[] = [];
    while (this.rows[this.at] !== mark) found.push(next());
    return found;
  }

  private after(mark: number): number {
    this.mark(mark);
    return this.item();
  }

  private mark(mark: number): void {
    if (this.rows[this.at] !== mark) throw wrong(`the mark ${mark}`, this.rows, this.at);
    this.at++;
  }

  private hole(): number {
    this.at++;
    return 0;
  }

  private item(): number {
    const item = this.itemAt(this.at);
    if (item === undefined) throw wrong('the codes of an item', this.rows, this.at);
    this.at += this.symbols.codes.levels;
    return item;
  }

  private word(): number {
    const word = this.rows[this.at];
    if (!(word >= this.symbols.rare && word <= this.symbols.count)) throw wrong('a word', this.rows, this.at);
    this.at++;
    return word;
  }
}

function wrong(expected: string, rows: readonly number[], at: number): ShapeError {
  return new ShapeError(
    `parseExample: expected ${expected}; got ${rows[at] === undefined ? 'the end' : `row ${rows[at]}`} at token ${at} of ${rows.length}`,
  );
}
