import { offsetsOf } from '@seqrec/core';
import { type SequenceBatch, sequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { type EncoderBatch, tensorsOf, uploadBatch } from '../inputs.ts';
import { encodeLast, type TokenEncoder } from '../model.ts';
import { scaledQueries } from '../objectives/temperature.ts';
import { BeamMemory } from './beam-memory.ts';
import type { CodeReader } from './generator.ts';

/** Neighbouring rows of the table, one of which is the next token. */
export interface Answers {
  readonly first: number;
  readonly size: number;
}

/** An encoder over tokens, and how it is asked. */
export interface ReadingParts {
  readonly encoder: TokenEncoder;
  /** What its scores are divided by. */
  readonly temperature: number;
  /** Of each level, counted from 0: what is asked after so many tokens were written. */
  readonly answers: (level: number) => Answers;
  /**
   * Whether those who go on from a history share what the encoder has kept of it; one whose state cannot grow reads all
   * of it anew for each. See `incrementalOf`.
   */
  readonly isCached: boolean;
}

/**
 * Reads sequences of tokens, none empty, and what is written after them.
 *
 * @param batch asked at `targetTimestamps` of the last token of each.
 */
export function encoderReader(parts: ReadingParts, batch: SequenceBatch): CodeReader {
  return parts.isCached ? cachedReader(parts, batch) : repeatedReader(parts, batch);
}

/** Reads each history once; a code costs one token, whose keys are those of its history and the codes before it. */
function cachedReader(parts: ReadingParts, batch: SequenceBatch): CodeReader {
  const { encoder, answers } = parts;
  const clock = clockOf(batch);
  const memory = new BeamMemory(batch.offsets);
  const extend = encoder.extend as NonNullable<TokenEncoder['extend']>;
  const newest = new Newest();
  let level = 0;
  return {
    first: () =>
      tf.tidy(() => {
        const encoded = extend(uploadBatch(batch), memory);
        const last = batch.offsets.slice(1).map((end) => end - 1);
        return logitsOf(parts, newest.keep(tf.gather(encoded, tf.tensor1d(last, 'int32'))), level);
      }),
    next(parents, codes) {
      level++;
      memory.goOn(parents);
      const rows = codes.map((code) => answers(level - 1).first + code);
      return tf.tidy(() => logitsOf(parts, newest.keep(extend(nextTokens(batch, clock, memory, rows), memory)), level));
    },
    encoded: () => newest.copy(),
    dispose: () => {
      newest.dispose();
      memory.dispose();
    },
  };
}

/** Reads a history and the codes after it anew for each code: of encoders whose state cannot grow. */
function repeatedReader(parts: ReadingParts, batch: SequenceBatch): CodeReader {
  const { encoder, answers } = parts;
  const newest = new Newest();
  let level = 0;
  let paths: { readonly history: number; readonly rows: readonly number[] }[] = Array.from(
    { length: batch.offsets.length - 1 },
    (_, history) => ({ history, rows: [] }),
  );
  const read = (): tf.Tensor2D =>
    tf.tidy(() => logitsOf(parts, newest.keep(encodeLast(encoder, uploadBatch(longer(batch, paths)))), level));
  return {
    first: read,
    next(parents, codes) {
      level++;
      const before = paths;
      paths = Array.from(parents, (parent, i) => {
        const { history, rows } = before[parent];
        return { history, rows: [...rows, answers(level - 1).first + codes[i]] };
      });
      return read();
    },
    encoded: () => newest.copy(),
    dispose: () => newest.dispose(),
  };
}

/** What the encoder made of the rows of the newest step. */
class Newest {
  private rows: tf.Tensor2D | undefined;

  keep(rows: tf.Tensor): tf.Tensor2D {
    this.dispose();
    this.rows = tf.keep(rows) as tf.Tensor2D;
    return this.rows;
  }

  copy(): tf.Tensor2D {
    return tf.clone(this.rows as tf.Tensor2D);
  }

  dispose(): void {
    this.rows?.dispose();
    this.rows = undefined;
  }
}

/** Scores of the codes of a level, `[rows, K_l]`. */
function logitsOf({ encoder, answers, temperature }: ReadingParts, encoded: tf.Tensor, level: number): tf.Tensor2D {
  const { queries, temperature: left } = scaledQueries(encoder, encoded as tf.Tensor2D, temperature);
  const { first, size } = answers(level);
  const own = tf.slice(encoder.itemVectors(), [first, 0], [size, -1]);
  return tf.matMul(left === 1 ? queries : tf.div(queries, left), own, false, true);
}

/** Seconds after the first event of its history: of each token, and of the moment that is asked about, `[B]`. */
function clockOf({ offsets, timestamps, targetTimestamps }: SequenceBatch) {
  const keys = new Int32Array(timestamps.length);
  const asked = new Int32Array(offsets.length - 1);
  for (let b = 0; b + 1 < offsets.length; b++) {
    const origin = timestamps[offsets[b]];
    for (let t = offsets[b]; t < offsets[b + 1]; t++) keys[t] = Math.floor(timestamps[t] - origin);
    asked[b] = Math.floor(targetTimestamps[offsets[b + 1] - 1] - origin);
  }
  return { keys, asked };
}

/** One token a sequence, at the moment that is asked about; key times are of all tokens of each. */
function nextTokens(
  { offsets, targetTimestamps }: SequenceBatch,
  { keys, asked }: ReturnType<typeof clockOf>,
  { historyOf, keyOffsets }: BeamMemory,
  rows: Int32Array,
): EncoderBatch {
  const keyTimes = new Int32Array(keyOffsets[rows.length]);
  const positions = new Int32Array(rows.length);
  let longest = 0;
  for (const [i, history] of historyOf.entries()) {
    const own = keys.subarray(offsets[history], offsets[history + 1]);
    keyTimes.set(own, keyOffsets[i]);
    keyTimes.fill(asked[history], keyOffsets[i] + own.length, keyOffsets[i + 1]);
    positions[i] = keyOffsets[i + 1] - keyOffsets[i] - 1;
    longest = Math.max(longest, positions[i] + 1);
  }
  const host = sequenceBatch({
    offsets: offsetsOf(new Array<number>(rows.length).fill(1)),
    itemIds: rows,
    timestamps: Float64Array.from(historyOf, (history) => targetTimestamps[offsets[history + 1] - 1]),
  });
  const times = Int32Array.from(historyOf, (history) => asked[history]);
  return tensorsOf(host, { positions, keyTimes, eventTimes: times, queryTimes: times, longest });
}

/** Histories, each as often as somebody goes on from it, with the codes that follow. */
function longer(
  { offsets: from, itemIds, timestamps, targetTimestamps }: SequenceBatch,
  paths: readonly { readonly history: number; readonly rows: readonly number[] }[],
): SequenceBatch {
  const offsets = offsetsOf(paths.map(({ history, rows }) => from[history + 1] - from[history] + rows.length));
  const count = offsets[paths.length];
  const [ids, times, nextTimes] = [new Int32Array(count), new Float64Array(count), new Float64Array(count)];
  for (const [i, { history, rows }] of paths.entries()) {
    const [start, end] = [from[history], from[history + 1]];
    const asked = targetTimestamps[end - 1];
    const at = offsets[i] + end - start;
    ids.set(itemIds.subarray(start, end), offsets[i]);
    ids.set(rows, at);
    times.set(timestamps.subarray(start, end), offsets[i]);
    times.fill(asked, at, offsets[i + 1]);
    nextTimes.set(targetTimestamps.subarray(start, end), offsets[i]);
    nextTimes.fill(asked, at, offsets[i + 1]);
  }
  return sequenceBatch({ offsets, itemIds: ids, timestamps: times, targetTimestamps: nextTimes });
}
