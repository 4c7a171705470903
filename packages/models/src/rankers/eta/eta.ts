import { normals, streamKey } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { sequenceOf } from '../../layers/segments.ts';
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
import { hasEvents, newestEvents, type Taken, takenRows, topEvents } from '../sequence/retrieval.ts';
import { TargetAttention } from '../sequence/target-attention.ts';
import type { EtaConfig } from './config.ts';

/** Both attentions of `sim` and `eta`. */
export interface RetrievalModule extends SequenceModule {
  readonly short: TargetAttention;
  readonly long: TargetAttention;
}

type RetrievalConfig = Pick<EtaConfig, 'shortEvents' | 'attentionDim' | 'numHeads' | 'mask'>;

/** `[attention to the newest events ; attention to the events found]`, zeros without a history. */
export function retrievalModule(
  { shortEvents, attentionDim, numHeads, mask }: RetrievalConfig,
  { width, seed }: Pick<ModuleOptions, 'width' | 'seed'>,
  find: (input: SequenceInput) => Taken,
): RetrievalModule {
  const shared = { inputDim: width, attentionDim, numHeads, seed };
  const short = new TargetAttention({ ...shared, stream: 'short' });
  const long = new TargetAttention({ ...shared, stream: 'long' });
  const pool = (input: SequenceInput): tf.Tensor2D =>
    tf.tidy(() => {
      const { tokens, candidates, padding, offsets } = input;
      const [newest, found] = [newestEvents(offsets, shortEvents, mask), find(input)];
      const both = tf.concat2d(
        [
          short.places(candidates, takenRows(tokens, padding, newest), newest.seen),
          long.places(candidates, takenRows(tokens, padding, found), found.seen),
        ],
        1,
      );
      return mask === 'events' ? tf.mul(both, hasAny(newest, found, width, offsets)) : both;
    });
  return { layers: [short, long], width: 2 * width, short, long, pool };
}

/** 0 over a half where nothing is seen, 1 elsewhere: `[B, 2 W]`. */
function hasAny(newest: Taken, found: Taken, width: number, offsets: Int32Array): tf.Tensor2D {
  const any = (seen: tf.Tensor2D): tf.Tensor2D => tf.tile(tf.max(seen, 1, true) as tf.Tensor2D, [1, width]);
  return tf.mul(tf.concat2d([any(newest.seen), any(found.seen)], 1), hasEvents(offsets));
}

/** Directions of the bits, normal: `[W, bits]`. */
export function hashDirections(width: number, { hashBits, hashSeed }: Pick<EtaConfig, 'hashBits' | 'hashSeed'>) {
  return Float32Array.from(normals(streamKey(hashSeed, 'eta/directions'), 0, width * hashBits));
}

/**
 * Events by the bits that their hash shares with that of the item: bit `m` of `x` is whether `x r_m > 0`.
 *
 * @param directions `[W, bits]`, row-major; default: drawn from `hashSeed`.
 */
export function etaModule(
  config: EtaConfig,
  { fields, width, seed }: ModuleOptions,
  directions: Float32Array = hashDirections(width, config),
): RetrievalModule {
  const { hashBits, topK: k, mask } = config;
  const find = ({ tokens, candidates, offsets }: SequenceInput): Taken => {
    const shared = (): tf.Tensor1D => {
      const matrix = tf.tensor2d(directions, [width, hashBits]);
      const signs = (x: tf.Tensor2D): tf.Tensor2D =>
        tf.sub(tf.mul(tf.cast(tf.greater(tf.matMul(x, matrix), 0), 'float32'), 2), 1);
      const ofItems = tf.gather(signs(candidates), tf.tensor1d(sequenceOf(offsets), 'int32'));
      return tf.sum(tf.mul(signs(tokens), ofItems), 1);
    };
    // A distance of one bit more than there are, as twice the bits shared less their number.
    const fillScore = -hashBits - 2;
    return topEvents(shared, { offsets, k, mask, filled: fields.config.maxEvents, fillScore });
  };
  return retrievalModule(config, { width, seed }, find);
}

/** The net of {@link createEta}. */
export function etaNet(
  config: EtaConfig,
  options: NetOptions,
  directions?: Float32Array,
): RankerNet & SequenceParts<RetrievalModule> {
  return sequenceNet(config, options, (own: EtaConfig, given) => etaModule(own, given, directions));
}

/**
 * ETA: the item asks its newest events and those of the nearest hash. See the README of this folder.
 *
 * @throws ConfigError as {@link createLr}; without a field of items.
 */
export function createEta(config: EtaConfig, options: RankerOptions): Ranker {
  return createRanker(config, options, etaNet);
}
