import { streamKey, uniform01 } from '@seqrec/core';
import type { ExampleSet } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../../errors.ts';
import type { Run } from '../../layers/layer.ts';
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
import { NO_ROW, rowsAt } from '../sequence/rows.ts';
import type { TransactConfig } from './config.ts';
import { type TransactEncoder, transactEncoder } from './encoder.ts';

/** A module with its encoder. */
export interface TransactModule extends SequenceModule {
  readonly encoder: TransactEncoder;
}

/** `[x_j ; item]` newest first through a transformer: its largest values through a linear map, and the newest `K`. */
export function transactModule(config: TransactConfig, options: ModuleOptions): TransactModule {
  const { width: ofEvent, itemWidth, seed, fields } = options;
  const width = ofEvent + itemWidth;
  checkHeads(config.kind, config.numHeads, width, 'an event with the item beside it');
  const encoder = transactEncoder({ ...config, width, seed });
  const { maxEvents } = fields.config;
  const pool = ({ tokens, candidates, padding, offsets, batch, run, eventRun }: SequenceInput): tf.Tensor2D =>
    tf.tidy(() => {
      const window = windowOf(config.timeWindow, run);
      const { exampleTimes, timestamps } = batch.host;
      const isHidden = (t: number, b: number): boolean =>
        window > 0 && exampleTimes !== undefined && exampleTimes[b] - timestamps[t] < window;
      const filled = config.padding === 'pinterest' ? maxEvents : 1;
      const made = newestFirst(offsets, isHidden, { filled, keepsHidden: config.padding === 'pinterest' });
      const item = tf.slice(candidates, [0, 0], [-1, itemWidth]);
      const x = tf.concat2d([rowsAt(tokens, made.rows, padding), rowsAt(item, made.of)], 1);
      const seen = made.seen.includes(0) ? made.seen : undefined;
      // Where hidden events have no rows, the rows before a part are not known: at most its events and one an example.
      const before = filled * (run.firstRow ?? 0) + (config.padding === 'pinterest' ? 0 : (eventRun.firstRow ?? 0));
      const own = { ...run, firstRow: before };
      return encoder.forward({ x, offsets: made.offsets, ...(seen && { seen }) }, own);
    });
  return { layers: encoder.layers, width: encoder.width, encoder, pool };
}

/** Seconds that are hidden in this step: the same for every part of its batch. */
function windowOf(timeWindow: number, { training, seed, step }: Run): number {
  if (!training || timeWindow === 0) return 0;
  return uniform01(streamKey(seed, 'transact/window'), step, 1)[0] * timeWindow;
}

interface NewestFirst {
  /** The event of each row, or {@link NO_ROW}; the example of each. */
  readonly rows: Int32Array;
  readonly of: Int32Array;
  readonly seen: Uint8Array;
  readonly offsets: Int32Array;
}

/**
 * The rows of each history from its newest event on. The newest is never hidden, and where there is no event the
 * padding event is in its place; further ones fill up to `filled` without being seen.
 */
function newestFirst(
  offsets: Int32Array,
  isHidden: (event: number, example: number) => boolean,
  { filled, keepsHidden }: { readonly filled: number; readonly keepsHidden: boolean },
): NewestFirst {
  const count = offsets.length - 1;
  const most = offsets[count] + count * filled;
  const [rows, of, seen] = [new Int32Array(most), new Int32Array(most), new Uint8Array(most)];
  const ends = new Int32Array(count + 1);
  let at = 0;
  const add = (row: number, b: number, sees: boolean): void => {
    rows[at] = row;
    of[at] = b;
    seen[at++] = sees ? 1 : 0;
  };
  for (let b = 0; b < count; b++) {
    for (let t = offsets[b + 1] - 1; t >= offsets[b]; t--) {
      const sees = t === offsets[b + 1] - 1 || !isHidden(t, b);
      if (sees || keepsHidden) add(t, b, sees);
    }
    for (let n = at - ends[b]; n < filled; n++) add(NO_ROW, b, n === 0);
    ends[b + 1] = at;
  }
  return { rows: rows.slice(0, at), of: of.slice(0, at), seen: seen.slice(0, at), offsets: ends };
}

/** The net of {@link createTransact}. */
export function transactNet(config: TransactConfig, options: NetOptions): RankerNet & SequenceParts<TransactModule> {
  const net = sequenceNet(config, options, transactModule);
  return config.timeWindow === 0 ? net : { ...net, columns: { examples: ['times'] } };
}

/** @throws ConfigError for a window of time over data without times. */
export function checkTransactRows({ kind, timeWindow }: TransactConfig, { interactions }: ExampleSet): void {
  if (timeWindow === 0 || interactions.hasTimestamps) return;
  throw new ConfigError(
    `model config (${kind}): timeWindow: expected times, by which events are hidden; got none in ${interactions.name}; set model.timeWindow to 0`,
    'timeWindow',
  );
}

/**
 * TransAct: a transformer over the events of the history with the item beside each. See the README of this folder.
 *
 * @throws ConfigError as {@link createLr}; without a field of items, or for heads that do not divide the width.
 */
export function createTransact(config: TransactConfig, options: RankerOptions): Ranker {
  return createRanker(config, options, transactNet);
}
