import * as tf from '@tensorflow/tfjs-core';
import { EncoderLayer } from '../../layers/encoder-layer.ts';
import { segmentMean, segmentSum, sequenceOf } from '../../layers/segments.ts';
import type { Ranker } from '../../model.ts';
import type { RankerOptions } from '../ranker.ts';
import { createRanker, type NetOptions, type RankerNet } from '../row-model.ts';
import { checkHeads } from '../sequence/heads.ts';
import {
  type ModuleOptions,
  type SequenceInput,
  type SequenceModule,
  type SequenceParts,
  sequenceNet,
} from '../sequence/net.ts';
import { rowsAt, withOneMore } from '../sequence/rows.ts';
import type { BstConfig } from './config.ts';
import { PositionTable } from './position-table.ts';

/** A module with its parts. */
export interface BstModule extends SequenceModule {
  readonly positions: PositionTable | undefined;
  readonly blocks: readonly EncoderLayer[];
}

/**
 * A transformer over `x_1 ... x_n, c`, each with a vector of its position beside it: the item is at place `maxEvents`,
 * the event before it at `maxEvents - 1`, and so on.
 */
export function bstModule(config: BstConfig, { fields, width, seed }: ModuleOptions): BstModule {
  const { numBlocks, numHeads, attentionDropout: dropout, embeddingDim, pooling } = config;
  const { maxEvents } = fields.config;
  const full = width + (config.positions ? embeddingDim : 0);
  checkHeads(config.kind, numHeads, full, config.positions ? 'an event with its position' : 'an event');
  const positions = config.positions
    ? new PositionTable({ places: maxEvents + 1, width: embeddingDim, seed, stream: 'positions' })
    : undefined;
  const hiddenDim = config.feedForwardDim ?? full;
  const blocks = Array.from(
    { length: numBlocks },
    (_, i) =>
      new EncoderLayer({
        ...{ width: full, numHeads, hiddenDim, activation: 'leaky-relu', dropout },
        ...{ seed, stream: `transformer.${i}` },
      }),
  );
  const pool = ({ tokens, candidates, offsets, run, eventRun }: SequenceInput): tf.Tensor2D =>
    tf.tidy(() => {
      const events = tokens.shape[0];
      const all = withOneMore(offsets);
      const { rows, places, last } = sequenceRows(offsets, events, maxEvents);
      let x = rowsAt(tf.concat2d([tokens, candidates], 0), rows);
      if (positions !== undefined) x = tf.concat2d([x, positions.rows(places)], 1);
      const own = { ...eventRun, firstRow: (eventRun.firstRow ?? 0) + (run.firstRow ?? 0) };
      for (const block of blocks) x = block.forward({ x, offsets: all }, own);
      if (pooling === 'target') return rowsAt(x, last);
      return pooling === 'mean' ? segmentMean(x, all) : segmentSum(x, sequenceOf(all), last.length);
    });
  return { layers: [...(positions ? [positions] : []), ...blocks], width: full, positions, blocks, pool };
}

/** Of `[events ; items]` the rows of each history and its item after it, their places, and where the items are. */
function sequenceRows(
  offsets: Int32Array,
  events: number,
  maxEvents: number,
): Readonly<Record<'rows' | 'places' | 'last', Int32Array>> {
  const count = offsets.length - 1;
  const rows = new Int32Array(events + count);
  const places = new Int32Array(events + count);
  const last = new Int32Array(count);
  let at = 0;
  for (let b = 0; b < count; b++) {
    for (let t = offsets[b]; t < offsets[b + 1]; t++, at++) {
      rows[at] = t;
      places[at] = maxEvents - (offsets[b + 1] - t);
    }
    last[b] = at;
    rows[at] = events + b;
    places[at++] = maxEvents;
  }
  return { rows, places, last };
}

/** The net of {@link createBst}. */
export function bstNet(config: BstConfig, options: NetOptions): RankerNet & SequenceParts<BstModule> {
  return sequenceNet(config, options, bstModule);
}

/**
 * BST: a transformer over the history and the item that is judged. See the README of this folder.
 *
 * @throws ConfigError as {@link createLr}; without a field of items, or for heads that do not divide the width.
 */
export function createBst(config: BstConfig, options: RankerOptions): Ranker {
  return createRanker(config, options, bstNet);
}
