// What a reader gives does not depend on who else is read, in which order rows come, and how.
import { useBackend } from '@seqrec/core';
import type { SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from '../../inputs.ts';
import { onlyPart } from '../../tasks/part.ts';
import { codeBatch } from '../code-batch.ts';
import type { CodeReader } from '../generator.ts';
import { t5Net } from './net.ts';
import { t5Reader } from './reader.ts';
import { drawnModel, someHistories, someSymbols, tinyConfig } from './test-support/world.ts';

const symbols = someSymbols();
const run = { training: false, step: 0, seed: 0 };

/** Rows of logits of each level, for the histories and then rows that go on. */
function logitsOf(reader: CodeReader, steps: readonly { parents: number[]; codes: number[] }[]): number[][][] {
  const all = [
    reader.first(),
    ...steps.map(({ parents, codes }) => reader.next(Int32Array.from(parents), Int32Array.from(codes))),
  ];
  const values = all.map((each) => each.arraySync());
  tf.dispose(all);
  reader.dispose();
  return values;
}

function expectNear(got: readonly number[], expected: readonly number[], error = 1e-5): void {
  expect(got).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(Math.abs(got[i] - value)).toBeLessThan(error);
}

const only = (histories: SequenceBatch, b: number): SequenceBatch => {
  const [first, past] = [histories.offsets[b], histories.offsets[b + 1]];
  const own = <T extends Int32Array | Float64Array>(column: T): T => column.slice(first, past) as T;
  return {
    ...histories,
    users: Int32Array.of(b),
    offsets: Int32Array.of(0, past - first),
    itemIds: own(histories.itemIds),
    targets: own(histories.targets),
    timestamps: own(histories.timestamps),
    targetTimestamps: own(histories.targetTimestamps),
  };
};

describe.each(['cpu', 'auto'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it('a history reads as it does alone', () => {
    const { model } = drawnModel(tinyConfig(), symbols);
    const histories = someHistories([3, 9, 1]);
    const together = logitsOf(model.read(histories, symbols), [
      { parents: [0, 1, 2], codes: [1, 2, 0] },
      { parents: [0, 1, 2], codes: [3, 0, 1] },
    ]);
    for (const [b, codes] of [
      [1, 3],
      [2, 0],
      [0, 1],
    ].entries()) {
      const alone = logitsOf(model.read(only(histories, b), symbols), [
        { parents: [0], codes: [codes[0]] },
        { parents: [0], codes: [codes[1]] },
      ]);
      for (const [level, rows] of alone.entries()) expectNear(together[level][b], rows[0]);
    }
    model.dispose();
  });

  it('from kept keys it says what a pass over all codes says', () => {
    const net = t5Net(tinyConfig({ embeddingDim: 9, numHeads: 3 }), { numItems: symbols.count, seed: 4 });
    const { itemIds: ids, offsets } = codeBatch(someHistories([2, 5]), symbols, { targets: false }).batch;
    const paths = [
      [2, 0],
      [1, 3],
    ];
    const kept = logitsOf(t5Reader(net, { ids, offsets }, symbols), [
      { parents: [0, 1], codes: paths.map(([code]) => code) },
      { parents: [0, 1], codes: paths.map(([, code]) => code) },
    ]);
    const anew = tf.tidy(() => {
      const written = {
        ids: Int32Array.from(paths.flatMap(([a, b]) => [0, symbols.firsts[0] + a, symbols.firsts[1] + b])),
        offsets: Int32Array.of(0, 3, 6),
      };
      const hidden = net.decodeAll(written, net.encode(ids, offsets, run), offsets, run);
      return tf.matMul(hidden, net.head(), false, true).arraySync() as number[][];
    });
    for (const [level, rows] of kept.entries()) {
      const first = symbols.firsts[level];
      for (const [b, row] of rows.entries()) {
        expectNear(row, anew[3 * b + level].slice(first, first + symbols.sizes[level]));
      }
    }
    tf.dispose(net.layers.flatMap(({ layer }) => layer.names.map((name) => layer.weight(name))));
  });

  it('takes rows in any order', () => {
    const { model } = drawnModel(tinyConfig(), symbols);
    const histories = someHistories([3, 9, 2]);
    const steps = [
      { parents: [0, 0, 1, 2, 2], codes: [0, 2, 1, 2, 1] },
      { parents: [1, 2, 2, 3, 4], codes: [0, 1, 2, 3, 0] },
    ];
    const sorted = logitsOf(model.read(histories, symbols), steps);
    const order = [3, 0, 4, 2, 1];
    const mixed = logitsOf(model.read(histories, symbols), [
      { parents: order.map((row) => steps[0].parents[row]), codes: order.map((row) => steps[0].codes[row]) },
      // Rows of the first step by where they are now, and in another order again.
      {
        parents: [4, 2, 0, 1, 3].map((row) => order.indexOf(steps[1].parents[row])),
        codes: [4, 2, 0, 1, 3].map((row) => steps[1].codes[row]),
      },
    ]);
    for (const [i, row] of order.entries()) expectNear(mixed[1][i], sorted[1][row]);
    for (const [i, row] of [4, 2, 0, 1, 3].entries()) expectNear(mixed[2][i], sorted[2][row]);
    model.dispose();
  });

  it('reads one event of one code', () => {
    const atomic = someSymbols(6, [6]);
    const { model } = drawnModel(tinyConfig(), atomic);
    const host = someHistories([1, 1], 6);
    const [logits] = logitsOf(model.read(host, atomic), []);
    const [alone] = logitsOf(model.read(only(host, 1), atomic), []);
    expectNear(logits[1], alone[0]);
    expect(logits[0]).toHaveLength(6);
    const batch = uploadBatch(host);
    const { sum } = model.loss({ symbols: atomic, batch, part: onlyPart(host), run });
    const expected = logits.map((row, b) => {
      const total = row.reduce((all, logit) => all + Math.exp(logit), 0);
      return Math.log(total) - row[atomic.ofItems[host.targets[b]] - 1];
    });
    expect(sum.dataSync()[0]).toBeCloseTo(expected[0] + expected[1], 4);
    sum.dispose();
    batch.dispose();
    model.dispose();
  });

  it('keeps a history once, however many go on from it', () => {
    const config = tinyConfig({ maxSequenceLength: 400, decoderBlocks: 1 });
    const { model } = drawnModel(config, symbols);
    const reader = model.read(someHistories([100]), symbols);
    reader.first().dispose();
    const before = tf.memory().numBytes;
    const rows = 500;
    reader
      .next(
        new Int32Array(rows),
        Int32Array.from({ length: rows }, (_, i) => i % 3),
      )
      .dispose();
    // A key with its places and a value of the code that was written, for each row.
    const { numHeads, headDim } = config;
    expect(tf.memory().numBytes - before).toBe(4 * rows * numHeads * (2 * headDim + symbols.levels));
    reader.dispose();
    model.dispose();
  });
});
