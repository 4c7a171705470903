import { type ItemCatalogue, openCatalogue } from '../catalogue.ts';
import { Interner } from '../interner.ts';
import { textColumn } from '../text-column.ts';

/** Collects items as a file lists them; item code = order of appearance. */
export class CatalogueBuilder {
  readonly ids = new Interner();
  readonly #names = new Interner();
  readonly #titles: string[] = [];
  readonly #categoryIds: number[] = [];
  readonly #categoryOffsets: number[] = [0];

  /** @returns false when the item was listed before */
  add(id: string, title: string, categories: readonly string[]): boolean {
    if (this.ids.find(id) !== undefined) return false;
    this.ids.intern(id);
    this.#titles.push(title);
    for (const category of categories) this.#categoryIds.push(this.#names.intern(category));
    this.#categoryOffsets.push(this.#categoryIds.length);
    return true;
  }

  get size(): number {
    return this.ids.size;
  }

  /** By item code + 1. */
  build(): ItemCatalogue {
    return openCatalogue({
      size: this.size,
      categoryNames: this.#names.texts(),
      categoryOffsets: Int32Array.from(this.#categoryOffsets),
      categoryIds: Int32Array.from(this.#categoryIds),
      ...(this.#titles.some((title) => title !== '') ? { titles: textColumn(this.#titles) } : {}),
    });
  }
}
