import type { SequenceBatch } from '@seqrec/data';
import { fieldsOf, type Model, readField } from '@seqrec/models';
import type { RankingRunConfig } from '../../config/ranking-schema.ts';
import { type PeerInput, type RowPeer, writeInput } from './peer.ts';
import { peerColumn, peerField } from './peer-columns.ts';

/**
 * Writes the configuration of a model of rows and one batch where a program of `peers` reads them: ids of each
 * field, lists with their offsets, labels, and what the peer reads besides.
 *
 * @throws ConfigError for fields of numbers, which no peer has.
 */
export function writeRowsInput(
  { model: config, optimizer }: RankingRunConfig,
  model: Model,
  batch: SequenceBatch,
  labels: Float32Array,
  { script, parts }: Pick<RowPeer, 'script' | 'parts'>,
): PeerInput {
  const { numItems, sizes, features } = model;
  const fields = fieldsOf({ config, numUsers: sizes?.numUsers ?? 0, numItems, features });
  const columns = fields.map((field) => readField(field, batch, config.kind));
  const more = parts?.({ model, fields, batch });
  const { learningRate, beta1, beta2 } = optimizer;
  const request = {
    config: { ...model.config, learningRate, beta1, beta2 },
    fields: columns.map(peerField),
    ...more?.shapes,
    batch: { columns: columns.map(peerColumn), labels: [...labels], ...more?.batch },
  };
  return writeInput(script, request);
}
