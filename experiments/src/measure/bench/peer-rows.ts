import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EncodedColumn, SequenceBatch } from '@seqrec/data';
import { type DcnV2Config, fieldsOf, type Model, readField } from '@seqrec/models';
import type { RankingRunConfig } from '../../config/ranking-schema.ts';
import { ConfigError } from '../../errors.ts';
import type { PeerInput } from './peer.ts';

/**
 * Writes the sizes of a DCN-V2 and one batch where `peers/ctr_step.py` reads them: ids of each field, lists with their
 * offsets, labels.
 *
 * @throws ConfigError for another model, and for what the peer does not have.
 */
export function writeRowsInput(
  { model: config, optimizer }: RankingRunConfig,
  model: Model,
  batch: SequenceBatch,
  labels: Float32Array,
): PeerInput {
  const dcn = config as DcnV2Config;
  if (dcn.kind !== 'dcn-v2' || dcn.cross !== 'full' || dcn.structure === 'cross')
    throw new ConfigError(
      `model: expected a DCN-V2 with full cross layers and hidden layers, which the peer has; got ${config.kind}`,
      'leave --peer out',
    );
  const { numItems, sizes, features } = model;
  const read = fieldsOf({ config: dcn, numUsers: sizes?.numUsers ?? 0, numItems, features });
  const columns = read.map((field) => readField(field, batch, dcn.kind));
  const fields = columns.map((column) => {
    if (column.kind === 'number')
      throw new ConfigError('model.features: expected fields of ids, which the peer has; got numbers', 'bucket them');
    return { rows: column.size, isList: column.kind === 'rows' };
  });
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-peer-'));
  const file = join(folder, 'input.json');
  const { learningRate, beta1, beta2 } = optimizer;
  const request = {
    config: { ...dcn, learningRate, beta1, beta2 },
    fields,
    batch: { columns: columns.map(idsOf), labels: [...labels] },
  };
  writeFileSync(file, JSON.stringify(request));
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) };
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
