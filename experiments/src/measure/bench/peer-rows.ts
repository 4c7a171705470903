import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EncodedColumn, SequenceBatch } from '@seqrec/data';
import { fieldsOf, type Model, readField } from '@seqrec/models';
import type { RankingRunConfig } from '../../config/ranking-schema.ts';
import { ConfigError } from '../../errors.ts';
import type { PeerInput } from './peer.ts';

/**
 * Writes the configuration of a model of rows and one batch where a program of `peers` reads them: ids of each
 * field, lists with their offsets, labels.
 *
 * @throws ConfigError for fields of numbers, which no peer has.
 */
export function writeRowsInput(
  { model: config, optimizer }: RankingRunConfig,
  model: Model,
  batch: SequenceBatch,
  labels: Float32Array,
  script: string,
): PeerInput {
  const { numItems, sizes, features } = model;
  const read = fieldsOf({ config, numUsers: sizes?.numUsers ?? 0, numItems, features });
  const columns = read.map((field) => readField(field, batch, config.kind));
  const fields = columns.map((column) => {
    if (column.kind === 'number')
      throw new ConfigError('model.features: expected fields of ids, which the peer has; got numbers', 'bucket them');
    return { rows: column.size, isList: column.kind === 'rows' };
  });
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-peer-'));
  const file = join(folder, 'input.json');
  const { learningRate, beta1, beta2 } = optimizer;
  const request = {
    config: { ...config, learningRate, beta1, beta2 },
    fields,
    batch: { columns: columns.map(idsOf), labels: [...labels] },
  };
  writeFileSync(file, JSON.stringify(request));
  return { file, script, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function idsOf(column: EncodedColumn): { readonly values: number[]; readonly offsets?: number[] } {
  if (column.kind === 'number') return { values: [] };
  if (column.kind === 'row') return { values: [...column.values] };
  const { values, offsets, lists } = column;
  if (lists === undefined) return { values: [...values], offsets: [...offsets.subarray(0, -1)] };
  const own: number[] = [];
  const begins: number[] = [];
  for (const list of lists) {
    begins.push(own.length);
    own.push(...values.subarray(offsets[list], offsets[list + 1]));
  }
  return { values: own, offsets: begins };
}
