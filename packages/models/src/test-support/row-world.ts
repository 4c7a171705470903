import { type ExampleSet, interactionsFromArrays, pointExamples, takeExamples, withHistories } from '@seqrec/data';

export const USERS = 24;
export const ITEMS = 15;
/** Of the test part alone. */
export const NEW_USERS = [22, 23];
export const NEW_ITEMS = [14, 15];

export interface RowWorld {
  readonly train: ExampleSet;
  readonly test: ExampleSet;
}

/** What a test may change of a row, an item or a user that the training part does not have. */
export interface TestValues {
  readonly hour: string;
  readonly price: number;
  readonly city: string;
  readonly age: number;
  readonly tags: readonly string[];
  readonly size: number;
}

const SAME: TestValues = { hour: 'h2', price: 3, city: 'oslo', age: 30, tags: ['x'], size: 4 };

/**
 * Rows of users who clicked or did not, with their five newest earlier ones; every fifth row, and all of the new users
 * and items, are tested on.
 */
export function rowWorld(values: TestValues = SAME): RowWorld {
  const rows = Array.from({ length: USERS * 8 }, (_, e) => {
    const user = Math.floor(e / 8);
    const newItem = user % 3 === 0 && e % 8 === 7;
    const item = newItem ? NEW_ITEMS[user % 2] : 1 + ((user * 7 + (e % 8) * 5) % 13);
    const tested = e % 5 === 0 || newItem || NEW_USERS.includes(user);
    return { e, user, item, tested };
  });
  const ids = <T>(length: number, of: (i: number) => T): T[] => Array.from({ length }, (_, i) => of(i));
  const interactions = interactionsFromArrays({
    name: 'rows',
    users: rows.map(({ user }) => user),
    items: rows.map(({ item }) => item),
    timestamps: rows.map(({ e }) => 1e6 + e),
    columns: {
      hour: { kind: 'id', values: rows.map(({ e, tested }) => (tested ? values.hour : `h${e % 4}`)) },
      price: { kind: 'number', values: rows.map(({ e, tested }) => (tested ? values.price : (e * 3) % 17)) },
      clicked: { kind: 'number', values: rows.map(({ user, item, e }) => (user * item + e) % 2) },
    },
    labels: ['clicked'],
    userColumns: {
      ids: ids(USERS, (user) => user),
      columns: {
        city: {
          kind: 'id',
          values: ids(USERS, (user) => (NEW_USERS.includes(user) ? values.city : user === 3 ? null : `c${user % 4}`)),
        },
        age: { kind: 'number', values: ids(USERS, (user) => (NEW_USERS.includes(user) ? values.age : 20 + user)) },
      },
    },
    itemColumns: {
      ids: ids(ITEMS, (i) => i + 1),
      columns: {
        tags: {
          kind: 'ids',
          values: ids(ITEMS, (i) =>
            NEW_ITEMS.includes(i + 1) ? values.tags : i === 4 ? [] : [`t${i % 3}`, ...(i % 2 === 0 ? ['even'] : [])],
          ),
        },
        size: { kind: 'number', values: ids(ITEMS, (i) => (NEW_ITEMS.includes(i + 1) ? values.size : i)) },
      },
    },
  });
  const all = withHistories(pointExamples(interactions), { maxEvents: 5 });
  const part = (name: ExampleSet['name'], tested: boolean): ExampleSet => {
    const order = rows.filter((row) => row.tested === tested).map(({ e }) => interactions.timestamps.indexOf(1e6 + e));
    return takeExamples(all, Int32Array.from(order), name);
  };
  return { train: part('train', false), test: part('test', true) };
}

/** Every kind of feature. */
export const ROW_FEATURES = [
  'hour',
  { column: 'price', encode: 'standardise' as const },
  'city',
  { column: 'age', buckets: 3 },
  'tags',
  { column: 'size', encode: 'log1p' as const },
  { cross: ['hour', 'hour'] as [string, string], table: 'events' as const },
];
