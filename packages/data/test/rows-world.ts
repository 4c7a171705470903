import { type Interactions, idMap, interactionsFromArrays } from '../src/index.ts';

/** A row that a ranker could learn from. */
export interface Row {
  readonly user: number;
  readonly time: number;
  /** 0: none. */
  readonly request: number;
  readonly click: number;
}

/** Rows as events, with their click as label and, where wanted, the request that showed them. */
export function rowsWorld(rows: readonly Row[], request = true): Interactions {
  return interactionsFromArrays({
    name: 'world',
    users: rows.map(({ user }) => user),
    items: rows.map((_, row) => row % 5),
    timestamps: rows.map(({ time }) => time),
    columns: {
      click: { kind: 'number', width: 1, values: Float32Array.from(rows, ({ click }) => click) },
      shown: {
        kind: 'id',
        values: Int32Array.from(rows, (row) => row.request),
        ids: idMap(
          Array.from({ length: 9 }, (_, k) => `r${k}`),
          1,
        ),
      },
    },
    ...(request && { request: 'shown' }),
    labels: ['click'],
  });
}
