import { ascendingOrder, type IdMap, orderedIdMap } from '../ids.ts';
import { type ExternalIds, Interner } from '../interner.ts';

/** External ids with their dense ids, from 1. */
export interface Vocabulary {
  readonly ids: IdMap;
  /** The dense id of each code. */
  readonly denseOf: Int32Array;
}

/** Dense ids in ascending order of the external ones. */
export function vocabularyOf(external: ExternalIds): Vocabulary {
  const order = ascendingOrder(external);
  const denseOf = new Int32Array(order.length);
  for (let i = 0; i < order.length; i++) denseOf[order[i]] = i + 1;
  return { ids: orderedIdMap(external, order, 1), denseOf };
}

/**
 * The ids of one or of several columns while rows are read: codes in order of appearance, dense ids in ascending order
 * of the external ids when all rows are there, so that they do not depend on the order of the rows.
 */
export class VocabularyBuilder {
  readonly interner = new Interner();
  readonly #tidy: (ids: ExternalIds) => ExternalIds;
  #built: Vocabulary | undefined;

  /** `tidy` changes how ids are written, none of them into another. */
  constructor(tidy: (ids: ExternalIds) => ExternalIds = (ids) => ids) {
    this.#tidy = tidy;
  }

  /** Codes that come later are not in it. */
  build(): Vocabulary {
    if (this.#built?.ids.size === this.interner.size) return this.#built;
    this.#built = vocabularyOf(this.#tidy(this.interner.ids()));
    return this.#built;
  }
}
