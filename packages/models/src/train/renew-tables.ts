import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../errors.ts';
import { initialTensor } from '../layers/initializers.ts';
import { declarationOf } from '../layers/layer.ts';
import { initialShard, shardOf } from '../layers/table-shards.ts';
import type { Model } from '../model.ts';
import type { Update } from './update.ts';

/**
 * Makes the tables of ids of a model anew, as they would have begun with another seed, a function of the seed and the
 * epoch; what the optimiser keeps of them is zero again. All other weights stay. A rank that holds a part of a table
 * gets that part of what the whole one would be.
 *
 * Source: MEDA, Fan et al. 2023 (arXiv:2305.19531), algorithm 1: embeddings begin each epoch anew, so that layers above
 * see the rows of an epoch as if for the first time.
 */
export function renewTables(model: Model, { groups }: Update, { seed, epoch }: { seed: number; epoch: number }): void {
  for (const [name, { variable }] of model.tables()) {
    const declared = declarationOf(variable);
    if (declared === undefined)
      throw new ConfigError(
        `trainer: renewTables: expected tables that say how they begin; '${name}' does not; leave it out`,
        'renewTables',
      );
    const stream = { seed, name: `${name}/epoch/${epoch}` };
    const shard = shardOf(variable);
    tf.tidy(() => {
      const values = shard
        ? initialShard(declared, stream, shard)
        : initialTensor(declared.initialization, variable.shape, stream);
      variable.assign(values as tf.Tensor2D);
    });
    for (const { optimizer } of groups) {
      for (const slot of Object.values(optimizer.state().get(variable.name) ?? {})) {
        tf.tidy(() => slot.assign(tf.zerosLike(slot)));
      }
    }
  }
}
