import { ascendingOrder, type IdMap, orderedIdMap } from '../ids.ts';
import { canonicalInteger, type ExternalIds, Interner } from '../interner.ts';

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
  #only: Pick<Interner, 'find'> | undefined;
  #built: (Vocabulary & { readonly codes: number }) | undefined;

  /** `tidy` changes how ids are written, none of them into another. */
  constructor(tidy: (ids: ExternalIds) => ExternalIds = (ids) => ids) {
    this.#tidy = tidy;
  }

  /** Takes other ids than those of `listed` for none, also those that have come already. */
  restrict(listed: Pick<Interner, 'find'>): void {
    this.#only = listed;
    this.#built = undefined;
  }

  /** Codes that come later are not in it; a code of an id that is not listed has the dense id 0. */
  build(): Vocabulary {
    const { size } = this.interner;
    if (this.#built?.codes === size) return this.#built;
    const external = this.interner.ids();
    const kept = this.#only === undefined ? undefined : this.#listed(this.#only);
    const { ids, denseOf } = vocabularyOf(this.#tidy(kept === undefined ? external : taken(external, kept)));
    const ofCodes = kept === undefined ? denseOf : new Int32Array(size);
    for (let k = 0; kept !== undefined && k < kept.length; k++) ofCodes[kept[k]] = denseOf[k];
    this.#built = { ids, denseOf: ofCodes, codes: size };
    return this.#built;
  }

  /** The codes of ids that are listed; `undefined` where all are. */
  #listed(only: Pick<Interner, 'find'>): number[] | undefined {
    const { interner } = this;
    const codes: number[] = [];
    for (let code = 0; code < interner.size; code++) {
      if (only.find(interner.external(code)) !== undefined) codes.push(code);
    }
    return codes.length === interner.size ? undefined : codes;
  }
}

function taken({ kind, values }: ExternalIds, codes: readonly number[]): ExternalIds {
  if (kind === 'integer') return { kind, values: Float64Array.from(codes, (code) => values[code]) };
  const texts = codes.map((code) => values[code]);
  const integers = texts.map(canonicalInteger);
  return integers.every((value) => value >= 0)
    ? { kind: 'integer', values: Float64Array.from(integers) }
    : { kind, values: texts };
}
