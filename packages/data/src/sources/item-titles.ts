import { Interner } from '../interner.ts';
import type { KeyedTable } from '../table/keyed.ts';
import { textColumn } from '../text-column.ts';
import type { MissingRule } from './missing.ts';

/** Titles of items that stand in the rows of events: that of the first row that has one, as it is written there. */
export class ItemTitles {
  readonly #column: string;
  readonly #missing: MissingRule;
  readonly #keys = new Interner();
  readonly #titles: string[] = [];

  constructor(column: string, missing: MissingRule) {
    this.#column = column;
    this.#missing = missing;
  }

  see(item: string, title: string): void {
    if (this.#keys.find(item) !== undefined || this.#missing.text(title.trim())) return;
    this.#keys.intern(item);
    this.#titles.push(title);
  }

  build(): KeyedTable {
    return { keys: this.#keys, columns: new Map([[this.#column, { kind: 'text', values: textColumn(this.#titles) }]]) };
  }
}
