import { Interner } from '../interner.ts';
import type { KeyedTable } from '../table/keyed.ts';
import { textColumn } from '../text-column.ts';

/** Titles of items that stand in the rows of events: that of the first row that has one. */
export class ItemTitles {
  readonly #column: string;
  readonly #keys = new Interner();
  readonly #titles: string[] = [];

  constructor(column: string) {
    this.#column = column;
  }

  see(item: string, title: string): void {
    if (title === '' || this.#keys.find(item) !== undefined) return;
    this.#keys.intern(item);
    this.#titles.push(title);
  }

  build(): KeyedTable {
    return { keys: this.#keys, columns: new Map([[this.#column, { kind: 'text', values: textColumn(this.#titles) }]]) };
  }
}
