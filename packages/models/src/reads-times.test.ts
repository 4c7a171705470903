import { makeBatch, type SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from './inputs.ts';
import { objectiveTimeReaders, parseObjectiveConfig } from './objectives/registry.ts';
import { createModel, type ModelConfigInput, modelKinds, modelTimeReaders, parseModelConfig } from './registry.ts';
import { tinyConfigs, tinyTrain } from './test-support/tiny.ts';

const sizes = { embeddingDim: 8, maxSequenceLength: 10, numBlocks: 1 };
const hstu = { kind: 'hstu', ...sizes, numHeads: 1, dqk: 8, dv: 8 } as const;
const pinnerformer = { kind: 'pinnerformer', ...sizes, modelDim: 8, numHeads: 1 } as const;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

function encoded(config: ModelConfigInput, host: SequenceBatch): Float32Array {
  const model = createModel(config, { numItems: 20, seed: 1 });
  const batch = uploadBatch(host);
  const rows = tf.tidy(() => model.encode(batch, { training: false, step: 0, seed: 0 }).dataSync() as Float32Array);
  batch.dispose();
  model.dispose();
  return rows;
}

describe('what reads the times of events', () => {
  it('is asked of every kind of model', () => {
    const kinds = new Set(Object.values(tinyConfigs).map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual([...modelKinds('encode')].sort());
  });

  it.each(Object.entries(tinyConfigs))(
    '%s: its definition says so where other times change what it encodes',
    (_, config) => {
      const batch = makeBatch(tinyTrain(), [0, 1, 2]);
      const before = encoded(config, batch);
      const slower = (times: Float64Array) =>
        times.map((time) => batch.timestamps[0] + 40 * (time - batch.timestamps[0]));
      const later = {
        ...batch,
        timestamps: slower(batch.timestamps),
        targetTimestamps: slower(batch.targetTimestamps),
      };
      const differs = !encoded(config, later).every((value, i) => value === before[i]);
      expect(modelTimeReaders(parseModelConfig(config)).length > 0).toBe(differs);
    },
  );

  it.each<[ModelConfigInput, string[]]>([
    [hstu, ['relativeBias position-time']],
    [{ ...hstu, relativeBias: 'position' }, []],
    [{ ...hstu, relativeBias: 'rotary' }, []],
    [{ ...hstu, attention: 'softmax', relativeBias: 'none' }, []],
    [{ ...hstu, block: 'production' }, ['inputEncoding reverse-position-time']],
    [{ ...hstu, block: 'production', inputEncoding: 'position' }, []],
    [pinnerformer, ['time true']],
    [{ ...pinnerformer, time: false }, []],
    [{ kind: 'sasrec', ...sizes, numHeads: 1, ffnDim: 8 }, []],
  ])('%j', (config, expected) => {
    const readers = modelTimeReaders(parseModelConfig(config));
    expect(readers.map(({ key, value }) => `${key} ${value}`)).toEqual(expected);
  });

  it('is turned off by the setting that is named', () => {
    for (const config of [hstu, { ...hstu, block: 'production' } as const, pinnerformer]) {
      const [{ key, without }] = modelTimeReaders(parseModelConfig(config));
      expect(modelTimeReaders(parseModelConfig({ ...config, [key]: without }))).toEqual([]);
    }
  });

  it('includes labels in a window of days', () => {
    const readers = (kind: string) => objectiveTimeReaders(parseObjectiveConfig({ labels: { kind } }));
    expect(['next-item', 'sasrec', 'next-action'].flatMap(readers)).toEqual([]);
    expect(readers('all-action')).toEqual([{ key: 'labels.kind', value: 'all-action', without: 'next-item' }]);
    expect(readers('dense-all-action')).toHaveLength(1);
  });
});
