import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../errors.ts';
import type { EncoderBatch } from '../inputs.ts';
import type { TokenEncoder } from '../model.ts';

/**
 * A model that does not read histories: at each event the vector is what a column of the events holds, the items are
 * those of `model`. It ranks as a service does that keeps vectors of users and looks them up.
 *
 * @param column of the events, as wide as the vectors of `model`
 */
export function storedVectors(model: TokenEncoder, column: string): TokenEncoder {
  const read = (batch: EncoderBatch): tf.Tensor2D => {
    const found = batch.host.columns?.tokens?.get(column);
    if (found?.kind !== 'number') {
      throw new ConfigError(
        `storedVectors: expected a batch with numbers in the column ${column} of the events; got ${found === undefined ? 'none' : found.kind}; make batches with makeBatch(set, indices, model.columns)`,
        column,
      );
    }
    return tf.tensor2d(found.values, [batch.numTokens, found.width]);
  };
  return {
    kind: model.kind,
    config: model.config,
    numItems: model.numItems,
    maxSequenceLength: model.maxSequenceLength,
    similarity: model.similarity,
    columns: { tokens: [column] },
    encode: read,
    itemVectors: (run) => model.itemVectors(run),
    itemTable: () => model.itemTable(),
    withItemRows: (rows, ids) => storedVectors(model.withItemRows(rows, ids), column),
    tables: () => model.tables(),
    variables: () => model.variables(),
    dispose: () => model.dispose(),
  };
}
