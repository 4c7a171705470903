import { ascendingOrder, type IdMap, orderedIdMap } from '../ids.ts';
import { Interner } from '../interner.ts';

/**
 * The ids of one or of several columns while rows are read: codes in order of appearance, dense ids in ascending order
 * of the external ids when all rows are there, so that they do not depend on the order of the rows.
 */
export class VocabularyBuilder {
  readonly interner = new Interner();
  #built: { readonly ids: IdMap; readonly denseOf: Int32Array } | undefined;

  /** The vocabulary, dense ids from 1, and the dense id of each code. Codes that come later are not in it. */
  build(): { readonly ids: IdMap; readonly denseOf: Int32Array } {
    if (this.#built !== undefined && this.#built.ids.size === this.interner.size) return this.#built;
    const external = this.interner.ids();
    const order = ascendingOrder(external);
    const denseOf = new Int32Array(order.length);
    for (let i = 0; i < order.length; i++) denseOf[order[i]] = i + 1;
    this.#built = { ids: orderedIdMap(external, order, 1), denseOf };
    return this.#built;
  }
}
