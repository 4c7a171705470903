import type { IdMap } from '../ids.ts';
import type { Column } from '../table/column.ts';
import type { Roles } from '../table/roles.ts';

/** What the columns of a world with times are for. */
export const worldRoles: Roles = { user: 'user', item: 'item', time: 'time', labels: [] };

export function eventColumns(ids: IdMap, items: Int32Array, times: Float64Array): Map<string, Column> {
  return new Map<string, Column>([
    ['item', { kind: 'id', values: items, ids }],
    ['time', { kind: 'time', values: times }],
  ]);
}
