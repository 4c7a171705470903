import { ConfigError } from '../errors.ts';
import { holderOf, refuseOtherModel } from './check-chain.ts';
import type { Delta, DeltaContent, TableDelta } from './delta.ts';
import { deltaBytes, encodeDelta } from './delta-format.ts';
import { fromInt8Rows, toInt8Rows } from './int8-rows.ts';
import { type ChangedRow, checkPolicy, type RowPolicy, selectRows } from './row-policy.ts';
import type { Snapshot, Weight } from './snapshot.ts';

export interface DeltaOptions {
  /** Which of the rows that changed go along; default all. */
  readonly rows?: RowPolicy;
  /** Rows in a byte a number, with a scale each; default false. */
  readonly int8?: boolean;
  /** For messages; default `delta`. */
  readonly name?: string;
}

/**
 * What brings a consumer from the weights that it holds to newer ones: the dense weights whole, and rows of the
 * tables. Rows are compared with what the consumer holds, not with what was trained last: one that is not sent is
 * among the changed ones of the next delta too, so that nothing is lost. With `touched` and without `int8`, applying
 * it gives the weights of `to` byte for byte.
 *
 * @param held what the consumer has: a base, or what `applyDelta` gave for the delta before.
 * @param to the weights that it shall have, of the same model.
 * @param tables names of the weights that go by rows: `tablesOf`.
 * @throws DeltaError for another model; ConfigError for a policy outside its range.
 */
export function makeDelta(
  held: Snapshot,
  to: Snapshot,
  tables: readonly string[],
  { rows = { kind: 'touched' }, int8 = false, name = 'delta' }: DeltaOptions = {},
): Delta {
  checkPolicy(rows);
  const other = holderOf(to);
  refuseOtherModel('makeDelta', holderOf(held), other);
  const pairs = tables.map((table) => pairOf(table, held, to));
  const dense = new Map([...to.weights].filter(([weight]) => !tables.includes(weight)));
  const { place } = held;
  const about = {
    base: place.base,
    previous: place.latest,
    number: place.deltas + 1,
    fromStep: held.state.position.globalStep,
    toStep: to.state.position.globalStep,
    policy: rows,
    state: to.state,
    featuresDigest: other.featuresDigest,
    dense,
  };
  const contentOf = (chosen: readonly ChangedRow[], empty: boolean): DeltaContent => ({
    ...about,
    tables: new Map(pairs.map((pair) => [pair.name, tableDelta(pair, chosen, { int8, empty })])),
  });
  const chosen = selectRows(
    rows,
    pairs.flatMap((pair) => changedRows(pair, int8)),
    new Map(pairs.map((pair) => [pair.name, pair.rows])),
    (some) => deltaBytes(contentOf(some, true)),
  );
  const content = contentOf(chosen, false);
  return { ...content, name, digest: encodeDelta(content).digest, bytes: deltaBytes(content) };
}

/** A table as it is held and as it shall be. */
interface TablePair {
  readonly name: string;
  readonly rows: number;
  readonly width: number;
  readonly held: Float32Array;
  readonly to: Float32Array;
}

function pairOf(name: string, held: Snapshot, to: Snapshot): TablePair {
  const weight = to.weights.get(name);
  if (weight?.shape.length !== 2) {
    const got = weight === undefined ? 'none' : `[${weight.shape.join(', ')}]`;
    throw new ConfigError(`makeDelta: tables: expected '${name}' to be a weight [rows, width]; got ${got}`, 'tables');
  }
  const [rows, width] = weight.shape;
  return { name, rows, width, held: (held.weights.get(name) as Weight).data, to: weight.data };
}

/**
 * The rows that are held otherwise than they shall be and than they would be received, and by how much they change. In
 * bytes a row of `to` is received rounded: one that is held exactly is not made worse, one held rounded not sent again.
 */
function changedRows({ name, rows, width, held, to }: TablePair, int8: boolean): ChangedRow[] {
  const changed: ChangedRow[] = [];
  const after = int8 ? fromInt8Rows(toInt8Rows(to, width), width) : to;
  const [a, exact, received] = [held, to, after].map(bitsOf);
  for (let id = 0; id < rows; id++) {
    let [wrong, changes] = [false, false];
    let sum = 0;
    for (let d = id * width; d < (id + 1) * width; d++) {
      if (a[d] !== exact[d]) wrong = true;
      if (a[d] !== received[d]) changes = true;
      sum += (after[d] - held[d]) ** 2;
    }
    if (wrong && changes) changed.push({ table: name, id, norm: Math.sqrt(sum) });
  }
  return changed;
}

/** 0 and -0 are two rows: a delta gives equal bytes. */
function bitsOf({ buffer, byteOffset, length }: Float32Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length);
}

/** The chosen rows of a table; `empty` leaves their numbers at 0, to know how long a file will be. */
function tableDelta(
  { name, rows: count, width, to }: TablePair,
  chosen: readonly ChangedRow[],
  { int8, empty }: { readonly int8: boolean; readonly empty: boolean },
): TableDelta {
  const ids = Int32Array.from(chosen.filter(({ table }) => table === name).map(({ id }) => id)).sort();
  const rows = new Float32Array(ids.length * width);
  if (!empty) for (const [i, id] of ids.entries()) rows.set(to.subarray(id * width, (id + 1) * width), i * width);
  return { shape: [count, width], ids, rows: int8 ? toInt8Rows(rows, width) : rows };
}
