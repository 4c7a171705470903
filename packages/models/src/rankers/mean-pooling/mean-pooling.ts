import { segmentMean } from '../../layers/segments.ts';
import type { Ranker } from '../../model.ts';
import type { RankerOptions } from '../ranker.ts';
import { createRanker, type NetOptions, type RankerNet } from '../row-model.ts';
import { type ModuleOptions, type SequenceModule, type SequenceParts, sequenceNet } from '../sequence/net.ts';
import type { MeanPoolingConfig } from './config.ts';

/** `v = 1/n sum_j x_j`, zeros without a history. */
export function meanPoolingModule(_: MeanPoolingConfig, { width }: ModuleOptions): SequenceModule {
  return { layers: [], width, pool: ({ tokens, offsets }) => segmentMean(tokens, offsets) };
}

/** The net of {@link createMeanPooling}. */
export function meanPoolingNet(config: MeanPoolingConfig, options: NetOptions): RankerNet & SequenceParts {
  return sequenceNet(config, options, meanPoolingModule);
}

/**
 * The mean of the vectors of the history beside the fields of the row. See the README of this folder.
 *
 * @throws ConfigError as {@link createLr}; without a field of items.
 */
export function createMeanPooling(config: MeanPoolingConfig, options: RankerOptions): Ranker {
  return createRanker(config, options, meanPoolingNet);
}
