import type { EncodedColumn } from '@seqrec/data';
import { ConfigError } from '../../errors.ts';

/** A field of ids as a peer reads it. */
export interface PeerField {
  readonly rows: number;
  readonly isList: boolean;
}

/** @throws ConfigError for a field of numbers, which no peer has. */
export function peerField(column: EncodedColumn): PeerField {
  if (column.kind === 'number')
    throw new ConfigError('model.features: expected fields of ids, which the peer has; got numbers', 'bucket them');
  return { rows: column.size, isList: column.kind === 'rows' };
}

/** Ids of a column; of lists also where each begins. */
export function peerColumn(column: EncodedColumn): { readonly values: number[]; readonly offsets?: number[] } {
  if (column.kind === 'number') return { values: [] };
  if (column.kind === 'row') return { values: [...column.values] };
  const { values, offsets, lists } = column;
  if (lists === undefined) return { values: [...values], offsets: [...offsets.subarray(0, -1)] };
  const own: number[] = [];
  const begins: number[] = [];
  for (const list of lists) {
    begins.push(own.length);
    for (let at = offsets[list]; at < offsets[list + 1]; at++) own.push(values[at]);
  }
  return { values: own, offsets: begins };
}
