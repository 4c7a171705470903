import { integers, streamKey } from '@seqrec/core';
import { makeBatch, type SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import type { CodeReader } from '../generators/generator.ts';
import type { Codes } from '../semantic-ids/tokenizers/tokenizer.ts';
import { tinySplit } from './tiny.ts';

/** Codes of items `1..count`, drawn until no two items have the same; the last level counts, as semantic ids do. */
export function drawnCodes(count: number, sizes: readonly number[], seed: number): Codes {
  const levels = sizes.length;
  const values = new Int32Array(count * levels);
  const seen = new Set<string>();
  for (let row = 0, draw = 0; row < count; draw++) {
    const own = sizes.map((size, level) => integers(streamKey(seed, `codes ${level}`), draw, 1, 0, size)[0]);
    if (seen.has(own.join())) continue;
    seen.add(own.join());
    values.set(own, row++ * levels);
  }
  return { count, sizes, values };
}

/** Histories of the test part of the tiny world, at most `events` long. */
export function histories(events: number, count = 4): SequenceBatch {
  const { test } = tinySplit();
  const starts = test.starts.map((start, e) => Math.max(start, test.targets[e] - events));
  return makeBatch(
    { ...test, starts },
    Array.from({ length: count }, (_, e) => e),
  );
}

/** Log-likelihood of the codes of every item after each history, `[B][items]`, code by code from a reader. */
export function itemLikelihoods(
  reader: CodeReader,
  batch: SequenceBatch,
  codes: Codes,
  mask: 'after' | 'before',
): number[][] {
  const { count, sizes, values } = codes;
  const levels = sizes.length;
  const sequences = batch.offsets.length - 1;
  // A row an item and history: nothing is shared but the reader.
  const scores = Array.from({ length: sequences }, () => new Array<number>(count).fill(0));
  for (let level = 0; level < levels; level++) {
    const rows = Array.from({ length: sequences * count }, (_, r) => r);
    const before = (row: number): number => (level === 0 ? 0 : values[(row % count) * levels + level - 1]);
    const logits = tf.tidy(() =>
      (level === 0
        ? reader.first()
        : reader.next(
            Int32Array.from(rows, (row) => (level === 1 ? Math.floor(row / count) : row)),
            Int32Array.from(rows, before),
          )
      ).arraySync(),
    );
    for (const row of rows) {
      const [b, item] = [Math.floor(row / count), row % count];
      const own = logits[level === 0 ? b : row];
      const prefix = values.subarray(item * levels, item * levels + level).join();
      const known = new Set(
        Array.from({ length: count }, (_, i) => i)
          .filter((i) => values.subarray(i * levels, i * levels + level).join() === prefix)
          .map((i) => values[i * levels + level]),
      );
      const allowed = own.filter((_, k) => mask === 'after' || known.has(k));
      const sum = allowed.reduce((total, logit) => total + Math.exp(logit), 0);
      scores[b][item] += own[values[item * levels + level]] - Math.log(sum);
    }
  }
  return scores;
}
