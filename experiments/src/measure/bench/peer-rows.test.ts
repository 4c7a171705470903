import { readFileSync } from 'node:fs';
import { createModel } from '@seqrec/models';
import { expect, it } from 'vitest';
import type { RankingRunConfig } from '../../config/ranking-schema.ts';
import { writeRowsInput } from './peer-rows.ts';
import { rowPeerOf } from './row-peers.ts';

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
  const optimizer = { learningRate: 0.01, beta1: 0.9, beta2: 0.999 };
  const config = { model: model.config, optimizer } as unknown as RankingRunConfig;
  const { file, script, remove } = writeRowsInput(config, model, batch, Float32Array.of(1, 0), 'x_step.py');
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

it('refuses a model without a peer', () => {
  expect(() => rowPeerOf({ kind: 'lr' })).toThrow('model: expected a kind that has a peer in PyTorch; got lr');
});
