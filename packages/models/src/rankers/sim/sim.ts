import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../../errors.ts';
import type { RowHistory } from '../../features/history-tables.ts';
import { HiddenLayers } from '../../layers/hidden-layers.ts';
import { segmentSum, sequenceOf } from '../../layers/segments.ts';
import type { BranchLogits, Ranker } from '../../model.ts';
import { type RetrievalModule, retrievalModule } from '../eta/eta.ts';
import type { RankerOptions } from '../ranker.ts';
import { createRanker, type NetOptions, type RankerNet } from '../row-model.ts';
import { type ModuleOptions, type SequenceParts, sequenceNet } from '../sequence/net.ts';
import { topEvents } from '../sequence/retrieval.ts';
import { sameCategory } from './category-search.ts';
import type { SimConfig } from './config.ts';
import { SoftSearch } from './soft-search.ts';

/** A module with its search, where it is learned. */
export interface SimModule extends RetrievalModule {
  readonly search: SoftSearch | undefined;
}

/** Events with the largest products, or of the item's category; then as `eta`. */
export function simModule(config: SimConfig, options: ModuleOptions): SimModule {
  const { width, seed, itemFields, fields } = options;
  const { kind, topK: k, mask, attentionDim, category } = config;
  if (category !== undefined) {
    const place = itemFields.indexOf(`items.${category}`);
    if (place < 0) {
      throw new ConfigError(
        `model config (${kind}): category: expected one of the features of items, ${itemFields.join(', ')}; got ${category}`,
        'category',
      );
    }
    const found = retrievalModule(config, { width, seed }, ({ columns, offsets }) =>
      sameCategory(columns.items[place], columns, offsets, k),
    );
    return { ...found, search: undefined };
  }
  const search = new SoftSearch({ inputDim: width, attentionDim, seed, stream: 'search' });
  const module = retrievalModule(config, { width, seed }, ({ tokens, candidates, offsets }) => {
    const scores = (): tf.Tensor1D => tf.reshape(search.score(candidates, tokens, offsets), [-1]);
    return topEvents(scores, { offsets, k, mask, filled: fields.config.maxEvents, fillScore: 0 });
  });
  return { ...module, layers: [search, ...module.layers], search };
}

/** The net of {@link createSim}: with search `soft` a branch pools the history by the scores, and is trained too. */
export function simNet(config: SimConfig, options: NetOptions): RankerNet & SequenceParts<SimModule> {
  const net = sequenceNet(config, options, simModule);
  const { search } = net.module;
  if (search === undefined) return net;
  const { labels, seed, fields } = options;
  const { hiddenSizes, dropout, auxiliaryWeight = 1, mainWeight = 1, embeddingDim } = config;
  const inputDim = fields.length * embeddingDim + net.history.width;
  const deep = new HiddenLayers({ inputDim, hiddenSizes, outputDim: labels, dropout, seed, stream: 'search.deep' });
  return {
    ...net,
    net: [...net.net, deep],
    branches: {
      logits: (columns, run, given) => {
        const rows = given as RowHistory;
        const offsets = rows.batch.hostOffsets;
        const { tokens, candidates } = net.history.vectors(rows);
        const scores = search.score(candidates, tokens, offsets);
        const pooled = segmentSum(tf.mul(tokens, scores), sequenceOf(offsets), offsets.length - 1);
        const own = deep.forward(tf.concat2d([net.fields.embed(columns), pooled], 1), run);
        return { logits: net.logits(columns, run, given), branches: [own] } satisfies BranchLogits;
      },
      loss: (fused, [own], label) =>
        tf.add(tf.mul(label.ofLabel(fused), mainWeight), tf.mul(label.ofLabel(own), auxiliaryWeight)),
    },
  };
}

/**
 * SIM: the item asks its newest events and those found in the whole history. See the README of this folder.
 *
 * @throws ConfigError as {@link createLr}; without a field of items, or for a category that is no feature of items, or
 *   one of numbers.
 */
export function createSim(config: SimConfig, options: RankerOptions): Ranker {
  const { kind, category } = config;
  if (category !== undefined && options.features?.items.get(category)?.kind === 'number') {
    throw new ConfigError(
      `model config (${kind}): category: expected a feature of items whose values are ids; got ${category}, numbers, of which no two events share one; cut it into buckets, or take another`,
      'category',
    );
  }
  return createRanker(config, options, simNet);
}
