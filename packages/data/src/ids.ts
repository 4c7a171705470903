import { OptionError } from './errors.ts';
import { canonicalInteger, type ExternalIds } from './interner.ts';
import { partitionPoint } from './partition-point.ts';
import { ascendingPositions } from './sorting.ts';
import { type TextColumn, textAt, textColumn } from './text-column.ts';

/** Reversible map between the ids of a file (strings) and dense integers `first .. first + size - 1`. */
export interface IdMap {
  readonly size: number;
  /** Smallest dense id: 0 for users, 1 for items (0 is padding). */
  readonly first: number;
  /** @throws {OptionError} when `dense` is outside `first .. first + size - 1` */
  external(dense: number): string;
  dense(external: string): number | undefined;
  toJSON(): IdMapJson;
  /** The storage: integers when every external id is one, else text. */
  readonly storage: IdStorage;
}

export interface IdMapJson {
  readonly first: number;
  readonly external: readonly string[];
}

export type IdStorage =
  | { readonly kind: 'integer'; readonly values: Float64Array }
  | { readonly kind: 'text'; readonly values: TextColumn };

function outOfRange(dense: number, first: number, size: number): OptionError {
  const last = first + size - 1;
  const hint = dense === 0 && first === 1 ? 'item 0 is the padding item and has no external id' : undefined;
  return new OptionError('IdMap.external', `expected a dense id in ${first}..${last}; got ${dense}`, {
    key: 'dense',
    hint,
  });
}

/** Opens an id map over its storage; the external ids must be distinct, integers must ascend. */
export function openIdMap(storage: IdStorage, first: number): IdMap {
  const size = storage.values.length;
  const check = (dense: number): number => {
    const index = dense - first;
    if (!Number.isInteger(dense) || index < 0 || index >= size) throw outOfRange(dense, first, size);
    return index;
  };
  const text = (index: number): string =>
    storage.kind === 'integer' ? String(storage.values[index]) : textAt(storage.values, index);
  const toJSON = (): IdMapJson => ({ first, external: Array.from({ length: size }, (_, i) => text(i)) });

  if (storage.kind === 'integer') {
    const values = storage.values;
    return {
      size,
      first,
      storage,
      toJSON,
      external: (dense) => text(check(dense)),
      dense(external) {
        const wanted = canonicalInteger(external);
        if (wanted < 0) return undefined;
        const at = partitionPoint(0, size, (i) => values[i] < wanted);
        return at < size && values[at] === wanted ? at + first : undefined;
      },
    };
  }

  // Built on first use: opening a cached dataset must not cost a hash table of every id.
  let table: Map<string, number> | undefined;
  return {
    size,
    first,
    storage,
    toJSON,
    external: (dense) => text(check(dense)),
    dense(external) {
      if (table === undefined) {
        table = new Map();
        for (let i = 0; i < size; i++) table.set(text(i), i + first);
      }
      return table.get(external);
    },
  };
}

/** An id map over distinct external ids, in the order given. Integers that ascend are stored as numbers. */
export function idMap(external: readonly string[], first: number): IdMap {
  let integers = true;
  let last = -1;
  for (let i = 0; i < external.length && integers; i++) {
    const value = canonicalInteger(external[i]);
    integers = value > last;
    last = value;
  }
  return openIdMap(
    integers
      ? { kind: 'integer', values: Float64Array.from(external, Number) }
      : { kind: 'text', values: textColumn(external) },
    first,
  );
}

/** The inverse of `IdMap.toJSON`. */
export function idMapFrom(json: IdMapJson): IdMap {
  if (new Set(json.external).size !== json.external.length) {
    throw new OptionError('idMapFrom', 'expected distinct external ids; got repeated ones', { key: 'external' });
  }
  return idMap(json.external, json.first);
}

/** Order of external ids: by value when all are integers, else by UTF-16 code unit. */
export function ascendingOrder(external: ExternalIds): Uint32Array {
  if (external.kind === 'integer') return ascendingPositions(external.values);
  const { values } = external;
  const order = Uint32Array.from(values, (_, i) => i);
  return order.sort((a, b) => (values[a] < values[b] ? -1 : values[a] > values[b] ? 1 : 0));
}

/** An id map over distinct external ids taken in `order`, as `ascendingOrder` gives it. */
export function orderedIdMap(external: ExternalIds, order: Uint32Array, first: number): IdMap {
  if (external.kind === 'text') {
    return idMap(
      Array.from(order, (code) => external.values[code]),
      first,
    );
  }
  const values = new Float64Array(order.length);
  for (let i = 0; i < order.length; i++) values[i] = external.values[order[i]];
  return openIdMap({ kind: 'integer', values }, first);
}
