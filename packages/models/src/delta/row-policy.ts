import { ConfigError } from '../errors.ts';

/** Which rows of the tables a delta takes along, of those that the consumer has otherwise. */
export type RowPolicy =
  /** All. */
  | { readonly kind: 'touched' }
  /** Of each table at most this share of its rows, `0..1`: those that changed most. */
  | { readonly kind: 'top'; readonly share: number }
  /** Those that changed by at least this L2 norm. */
  | { readonly kind: 'threshold'; readonly norm: number }
  /** Those that changed most, of all tables together, as long as the file has at most so many bytes. */
  | { readonly kind: 'budget'; readonly bytes: number };

/** A row that the consumer has otherwise. */
export interface ChangedRow {
  readonly table: string;
  readonly id: number;
  /** L2 norm of what it would change by. */
  readonly norm: number;
}

/** @throws ConfigError for a number outside its range. */
export function checkPolicy(policy: RowPolicy): void {
  const refuse = (key: string, expected: string, got: number): never => {
    throw new ConfigError(`delta: rows.${key}: expected ${expected}; got ${got}`, `rows.${key}`);
  };
  if (policy.kind === 'top' && !(policy.share >= 0 && policy.share <= 1))
    refuse('share', 'a share of the rows from 0 to 1', policy.share);
  if (policy.kind === 'threshold' && !(policy.norm >= 0 && Number.isFinite(policy.norm)))
    refuse('norm', 'a finite norm of at least 0', policy.norm);
  if (policy.kind === 'budget' && !(Number.isSafeInteger(policy.bytes) && policy.bytes >= 1))
    refuse('bytes', 'a whole number of bytes, at least 1', policy.bytes);
}

/**
 * The rows to send.
 *
 * @param changed with ids increasing in each table.
 * @param rows how many each table has.
 * @param fileBytes of a delta with these rows; for `budget`.
 * @throws ConfigError for a budget that the dense weights alone exceed.
 */
export function selectRows(
  policy: RowPolicy,
  changed: readonly ChangedRow[],
  rows: ReadonlyMap<string, number>,
  fileBytes: (chosen: readonly ChangedRow[]) => number,
): readonly ChangedRow[] {
  switch (policy.kind) {
    case 'touched':
      return changed;
    case 'threshold':
      return changed.filter(({ norm }) => norm >= policy.norm);
    case 'top': {
      const left = new Map(Array.from(rows, ([table, count]) => [table, Math.floor(policy.share * count)]));
      return byChange(changed).filter(({ table }) => {
        const room = left.get(table) as number;
        left.set(table, room - 1);
        return room > 0;
      });
    }
    case 'budget':
      return withinBudget(policy.bytes, byChange(changed), fileBytes);
  }
}

/** The most changed first; among equal ones the order that they have. */
function byChange(changed: readonly ChangedRow[]): ChangedRow[] {
  return [...changed].sort((a, b) => b.norm - a.norm);
}

/** As many of the first rows as fit. */
function withinBudget(
  bytes: number,
  sorted: readonly ChangedRow[],
  fileBytes: (chosen: readonly ChangedRow[]) => number,
): readonly ChangedRow[] {
  const least = fileBytes([]);
  if (least > bytes) {
    throw new ConfigError(
      `delta: rows.bytes: expected at least ${least} bytes, those of the dense weights, which go whole; got ${bytes}`,
      'rows.bytes',
    );
  }
  // A file with more rows is never smaller.
  let [fits, tooMany] = [0, sorted.length + 1];
  while (tooMany - fits > 1) {
    const middle = (fits + tooMany) >> 1;
    if (fileBytes(sorted.slice(0, middle)) <= bytes) fits = middle;
    else tooMany = middle;
  }
  return sorted.slice(0, fits);
}
