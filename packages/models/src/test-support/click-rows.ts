import fc from 'fast-check';

/** A row as a property draws it. */
export interface DrawnRow {
  readonly z: number;
  readonly y: number;
  readonly w: number;
  readonly user: number;
}

/** Rows with many ties, whole weights (some 0) and few users; both classes have weight. */
export const drawnRows = fc
  .array(
    fc.record({
      z: fc.oneof(fc.constantFrom(-1, -0.5, 0, 0.5, 1), fc.double({ min: -8, max: 8, noNaN: true })),
      y: fc.constantFrom(0, 1),
      w: fc.nat({ max: 3 }),
      user: fc.nat({ max: 3 }),
    }),
    { minLength: 2, maxLength: 40 },
  )
  .filter((rows) => [0, 1].every((label) => rows.some(({ y, w }) => y === label && w > 0)));

export function columnsOf(rows: readonly DrawnRow[]) {
  return {
    logits: rows.map(({ z }) => z),
    labels: rows.map(({ y }) => y),
    groups: rows.map(({ user }) => user),
  };
}

export function weightedColumnsOf(rows: readonly DrawnRow[]) {
  return { ...columnsOf(rows), weights: rows.map(({ w }) => w) };
}

/** Each row as often as its weight says. */
export function repeated(rows: readonly DrawnRow[]): DrawnRow[] {
  return rows.flatMap((row) => new Array<DrawnRow>(row.w).fill({ ...row, w: 1 }));
}
