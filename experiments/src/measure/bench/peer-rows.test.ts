import { readFileSync } from 'node:fs';
import { createModel } from '@seqrec/models';
import { describe, expect, it } from 'vitest';
import type { RankingRunConfig } from '../../config/ranking-schema.ts';
import { writeRowsInput } from './peer-rows.ts';

const dcn = { kind: 'dcn-v2', embeddingDim: 2, crossLayers: 1, hiddenSizes: [3] } as const;
const configOf = (model: object) =>
  ({ model, optimizer: { learningRate: 0.01, beta1: 0.9, beta2: 0.999 } }) as unknown as RankingRunConfig;
const batch = {
  users: Int32Array.of(1, 0),
  offsets: new Int32Array(3),
  itemIds: new Int32Array(0),
  timestamps: new Float64Array(0),
  targets: new Int32Array(0),
  targetTimestamps: new Float64Array(0),
  exampleItems: Int32Array.of(3, 1),
};

describe('the input of the peer of rows', () => {
  it('has the ids of every field as our tables have them, and the labels', () => {
    const model = createModel({ ...dcn, kind: dcn.kind as string }, { numItems: 3, numUsers: 2, seed: 1 });
    const { file, remove } = writeRowsInput(configOf(model.config), model, batch, Float32Array.of(1, 0));
    const written = JSON.parse(readFileSync(file, 'utf8'));
    remove();
    model.dispose();
    expect(written.fields).toEqual([
      { rows: 3, isList: false },
      { rows: 4, isList: false },
    ]);
    expect(written.batch).toEqual({ columns: [{ values: [2, 1] }, { values: [3, 1] }], labels: [1, 0] });
    expect(written.config).toMatchObject({ embeddingDim: 2, crossLayers: 1, hiddenSizes: [3], learningRate: 0.01 });
  });

  it.each([
    { kind: 'fm' },
    { kind: 'dcn-v2', cross: 'mixture' },
    { kind: 'dcn-v2', cross: 'full', structure: 'cross' },
  ])('refuses what the peer does not have: %j', (model) => {
    expect(() => writeRowsInput(configOf(model), undefined as never, batch, new Float32Array(2))).toThrow(
      'model: expected a DCN-V2 with full cross layers and hidden layers, which the peer has',
    );
  });
});
