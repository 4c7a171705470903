import { readFileSync } from 'node:fs';
import { createModel } from '@seqrec/models';
import { expect, it } from 'vitest';
import type { RankingRunConfig } from '../../config/ranking-schema.ts';
import { writeRowsInput } from './peer-rows.ts';
import { rowPeerOf } from './row-peers.ts';

const optimizer = { learningRate: 0.01, beta1: 0.9, beta2: 0.999 };
const mlp = { kind: 'mlp' as string, embeddingDim: 2, hiddenSizes: [3] };
const batch = {
  users: Int32Array.of(1, 0),
  offsets: new Int32Array(3),
  itemIds: new Int32Array(0),
  timestamps: new Float64Array(0),
  targets: new Int32Array(0),
  targetTimestamps: new Float64Array(0),
  exampleItems: Int32Array.of(3, 1),
};

it('has the ids of every field as our tables have them, and the labels', () => {
  const model = createModel(mlp, { numItems: 3, numUsers: 2, seed: 1 });
  const config = { model: model.config, optimizer } as unknown as RankingRunConfig;
  const { file, script, remove } = writeRowsInput(config, model, batch, Float32Array.of(1, 0), { script: 'x_step.py' });
  const written = JSON.parse(readFileSync(file, 'utf8'));
  remove();
  model.dispose();
  expect(script).toBe('x_step.py');
  expect(written.fields).toEqual([
    { rows: 3, isList: false },
    { rows: 4, isList: false },
  ]);
  expect(written.batch).toEqual({ columns: [{ values: [2, 1] }, { values: [3, 1] }], labels: [1, 0] });
  expect(written.config).toMatchObject({ embeddingDim: 2, hiddenSizes: [3], learningRate: 0.01 });
});

/** Two rows of one user at 100 s; the first has a history of two events, the second none. */
const withHistory = {
  ...batch,
  offsets: Int32Array.of(0, 2, 2),
  itemIds: Int32Array.of(2, 1),
  timestamps: Float64Array.of(20, 99),
  ratings: Float32Array.of(4, 1),
  exampleTimes: Float64Array.of(100, 100),
};

function written(kind: string, settings: object): Record<string, unknown> {
  const model = createModel({ kind, ...settings } as never, { numItems: 3, numUsers: 2, seed: 1 });
  const config = { model: model.config, optimizer } as unknown as RankingRunConfig;
  const input = writeRowsInput(config, model, withHistory, Float32Array.of(1, 0), rowPeerOf(model.config as never));
  const request = JSON.parse(readFileSync(input.file, 'utf8'));
  input.remove();
  model.dispose();
  return request;
}

it('has the histories of TransAct: an empty one is the padding item without a time', () => {
  const { history, batch: own } = written('transact', { embeddingDim: 4 }) as never as {
    readonly history: object;
    readonly batch: { readonly history: { readonly tokenItems: number[]; readonly items: { values: number[] }[] } };
  };
  expect(history).toEqual({ items: [1], own: [{ rows: 33, isList: false }] });
  const { tokenItems, items, ...rest } = own.history;
  expect(tokenItems.map((place) => items[0].values[place])).toEqual([2, 1, 0]);
  // 80 s are the octave of 64, 1 s that of 1.
  expect(rest).toMatchObject({ offsets: [0, 2, 3], own: [{ values: [7, 1, 0] }] });
});

it('has the requests of an HSTU ranker', () => {
  const sizes = { embeddingDim: 4, numBlocks: 1, numHeads: 1, dqk: 4, dv: 4, userId: false };
  expect(written('hstu-ranker', sizes).batch).toMatchObject({
    request: {
      ...{ eventOffsets: [0, 2, 2], rowOffsets: [0, 1, 2], items: [2, 1, 3, 1], times: [20, 99] },
      ...{ requestTimes: [100, 100], ratings: [4, 1] },
    },
  });
});
