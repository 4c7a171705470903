import * as tf from '@tensorflow/tfjs-core';
import { jaggedSoftmax } from '../../layers/jagged-softmax.ts';
import { segmentSum, sequenceOf } from '../../layers/segments.ts';
import type { Ranker } from '../../model.ts';
import type { RankerOptions } from '../ranker.ts';
import { createRanker, type NetOptions, type RankerNet } from '../row-model.ts';
import {
  type ModuleOptions,
  type SequenceInput,
  type SequenceModule,
  type SequenceParts,
  sequenceNet,
} from '../sequence/net.ts';
import { AttentionUnit } from './attention-unit.ts';
import type { DinConfig } from './config.ts';

/** A module with its attention unit. */
export interface DinModule extends SequenceModule {
  readonly unit: AttentionUnit;
}

/** `v = sum_j a_j x_j`, `a_j = MLP([c ; x_j ; c - x_j ; c * x_j])`; zeros without a history. */
export function dinModule(config: DinConfig, { width, seed }: ModuleOptions): DinModule {
  const { attentionHiddenSizes: hiddenSizes, attentionActivation: activation, attentionSoftmax } = config;
  const unit = new AttentionUnit({ inputDim: width, hiddenSizes, activation, seed, stream: 'attention' });
  const pool = ({ tokens, candidates, offsets, run }: SequenceInput): tf.Tensor2D =>
    tf.tidy(() => {
      const [events, count] = [tokens.shape[0], candidates.shape[0]];
      if (events === 0) return tf.zeros([count, width]);
      const of = sequenceOf(offsets);
      const scores = unit.score(tokens, candidates, tf.tensor1d(of, 'int32'), run);
      const shares = attentionSoftmax ? jaggedSoftmax(scores, offsets) : scores;
      return segmentSum(tf.mul(tokens, shares), of, count);
    });
  return { layers: [unit], width, unit, pool };
}

/** The net of {@link createDin}. */
export function dinNet(config: DinConfig, options: NetOptions): RankerNet & SequenceParts<DinModule> {
  return sequenceNet(config, options, dinModule);
}

/**
 * DIN: events of the history weighted in view of the item that is judged. See the README of this folder.
 *
 * @throws ConfigError as {@link createLr}; without a field of items.
 */
export function createDin(config: DinConfig, options: RankerOptions): Ranker {
  return createRanker(config, options, dinNet);
}
